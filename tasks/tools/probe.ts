import { checkTargets } from '../../checker/check.ts'
import { type CheckSettings, defaultSettings } from '../../checker/options/settings.ts'
import { judgeOffset } from '../../checker/verdict/clock-verdict.ts'
import type { ClockReport, TargetReport } from '../../checker/verdict/report.ts'
import type { ProbeResult } from '../lib/readiness.ts'

/** Enough samples to prove a clock to a fraction of its limit, and few enough to repeat every second. */
const settings: CheckSettings = { ...defaultSettings, samples: 2 }

/** Checks one instance at its base URL: up, right version, right clock. Never throws. */
export async function probeInstance(url: string, expectVersion: string, timeoutMs = 10_000): Promise<ProbeResult> {
  const { targets } = await checkTargets([{ url }], { ...settings, expectVersion, timeoutMs })
  const target = targets[0]
  if (target === undefined) return { ok: false, reason: `${url} was not measured` }
  return probeResult(target, expectVersion)
}

/** The part of a measurement that roll and heal need. */
export function probeResult(target: TargetReport, expectVersion: string): ProbeResult {
  const { verdict, reasons, version, clock, status, latencyMs } = target
  const found = version?.found
  const versionOk = found === undefined ? undefined : found === expectVersion
  const ok = verdict === 'ok'
  return {
    ok,
    reason: reasons.join('; ') || undefined,
    versionOk,
    clockOk: clock && clockOk(clock),
    // Then the only reason is the clock.
    undecided: !ok && clock !== undefined && clockOk(clock) === undefined && versionOk === true && reasons.length === 1,
    upstreamOk: status === undefined ? undefined : status < 500,
    latencyMs,
  }
}

/** Undefined when the clock's uncertainty spans the limit. */
function clockOk(clock: ClockReport): boolean | undefined {
  const verdict = judgeOffset(clock, { maxOffsetMs: clock.limitMs })
  return verdict === 'unknown' ? undefined : verdict === 'ok'
}

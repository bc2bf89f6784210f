import { checkTargets } from '../../checker/check.ts'
import { type CheckSettings, defaultSettings } from '../../checker/options/settings.ts'
import { judgeOffset } from '../../checker/verdict/clock-verdict.ts'
import type { ClockReport, TargetReport } from '../../checker/verdict/report.ts'
import type { ProbeResult } from '../lib/readiness.ts'

/** Enough samples to prove a clock right to a fraction of its limit, few enough for a look every second. */
const settings: CheckSettings = { ...defaultSettings, samples: 2 }

/** Measures one instance by its base url: up, the right version, its clock right. Never throws. */
export async function probeInstance(url: string, expectVersion: string, timeoutMs = 10_000): Promise<ProbeResult> {
  const { targets } = await checkTargets([{ url }], { ...settings, expectVersion, timeoutMs })
  const target = targets[0]
  if (target === undefined) return { ok: false, reason: `${url} was not measured` }
  return probeResult(target, expectVersion)
}

/** What a roll and a heal need to know of a measurement. */
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
    // The one reason is then the clock's.
    undecided: !ok && clock !== undefined && clockOk(clock) === undefined && versionOk === true && reasons.length === 1,
    upstreamOk: status === undefined ? undefined : status < 500,
    latencyMs,
  }
}

/** Undefined where the limit lies within what the clock may be off by. */
function clockOk(clock: ClockReport): boolean | undefined {
  const verdict = judgeOffset(clock, { maxOffsetMs: clock.limitMs })
  return verdict === 'unknown' ? undefined : verdict === 'ok'
}

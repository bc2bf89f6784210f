import { checkTargets } from '../../checker/check.ts'
import { type CheckSettings, defaultSettings } from '../../checker/options/settings.ts'
import type { ClockReport } from '../../checker/verdict/report.ts'
import type { ProbeResult } from '../lib/evidence.ts'

/** Enough samples to prove a clock right to a fraction of its limit, few enough for a look every second. */
const settings: CheckSettings = { ...defaultSettings, samples: 2 }

/** Measures one instance by its base url: up, the right version, its clock right. Never throws. */
export async function probeInstance(url: string, expectVersion: string, timeoutMs = 10_000): Promise<ProbeResult> {
  const { targets } = await checkTargets([{ url }], { ...settings, expectVersion, timeoutMs })
  const target = targets[0]
  if (target === undefined) return { ok: false, reason: `${url} was not measured` }
  const { found } = target.version ?? {}
  return {
    ok: target.verdict === 'ok',
    reason: target.reasons.join('; ') || undefined,
    versionOk: found === undefined ? undefined : found === expectVersion,
    clockOk: clockOk(target.clock),
    upstreamOk: target.status === undefined ? undefined : target.status < 500,
    latencyMs: target.latencyMs,
  }
}

function clockOk(clock: ClockReport | undefined): boolean | undefined {
  return clock && Math.abs(clock.offsetMs) + clock.errorMs <= clock.limitMs
}

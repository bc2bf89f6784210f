import { checkTargets } from '../../checker/check.ts'
import { type CheckSettings, defaultSettings } from '../../checker/options/settings.ts'
import { judgeOffset } from '../../checker/verdict/clock-verdict.ts'
import type { ClockReport, TargetReport } from '../../checker/verdict/report.ts'
import type { ProbeResult } from '../lib/readiness.ts'

/** Where a service serves its version and its time, and how wrong its clock may be. */
export type Expectations = Pick<CheckSettings, 'versionPath' | 'timePath' | 'timeFormat' | 'maxOffsetMs'>

/** Formats with fractions of a second. */
const isFine = (format: Expectations['timeFormat']) => format === 'iso8601' || format === 'unix-ms'

/**
 * Checks one instance at its base URL: up, right version, right clock. Never throws. Takes as few samples as prove a clock to a
 * fraction of its limit, because it is repeated every second: two if the format has milliseconds; with whole seconds, five prove
 * it to about 75 ms, two to 500 ms.
 */
export async function probeInstance(
  url: string,
  expectVersion: string,
  expected: Expectations,
  timeoutMs = 10_000,
): Promise<ProbeResult> {
  const samples = isFine(expected.timeFormat) ? 2 : 5
  const settings = { ...defaultSettings, ...expected, samples, expectVersion, timeoutMs }
  const { targets } = await checkTargets([{ url }], settings)
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

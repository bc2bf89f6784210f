import { type ClockEstimate, estimateClocks } from './clock.ts'
import { formatDurationMs } from './duration.ts'
import type { Failure } from './failure.ts'
import type { ProbeFacts } from './probe.ts'
import {
  type CheckReport,
  type ClockReport,
  severity,
  type TargetReport,
  type Verdict,
  worstVerdict,
} from './report.ts'
import type { CheckSettings } from './settings.ts'
import { summarise } from './summary.ts'

interface Finding {
  readonly verdict: Verdict
  readonly reason: string
}

/** Judges everything that was measured against what is expected. */
export function judge(facts: readonly ProbeFacts[], settings: CheckSettings): CheckReport {
  const targets = facts.map((fact) => judgeTarget(fact, settings))
  const verdict = targets.length === 0 ? 'unknown' : worstVerdict(targets.map((target) => target.verdict))
  return { ok: verdict === 'ok', verdict, summary: summarise(targets), targets }
}

/** Judges one address of one service. */
export function judgeTarget(facts: ProbeFacts, settings: CheckSettings): TargetReport {
  const clocks = estimateClocks(facts.samples).map((clock) => ({ clock, verdict: judgeOffset(clock, settings) }))
  const worst = clocks.toSorted((a, b) => compareClocks(b, a))[0]
  const findings = [
    ...judgeFailure(facts.timeFailure),
    ...judgeVersion(facts, settings),
    ...(worst === undefined ? [] : judgeClock(worst, clocks.length, facts, settings)),
    ...judgeLatency(facts.latencyMs, settings),
    ...judgeCertificate(facts.certificateDaysLeft, settings),
  ].toSorted((a, b) => severity(b.verdict) - severity(a.verdict))
  const verdict = worstVerdict(findings.map((finding) => finding.verdict))
  const reasons = [...findings.map(({ reason }) => reason), ...(facts.note === undefined ? [] : [facts.note])]
  return {
    url: facts.url,
    ...(facts.address === undefined ? {} : { address: facts.address }),
    verdict,
    reasons,
    ...(facts.status === undefined ? {} : { status: facts.status }),
    ...(facts.latencyMs === undefined ? {} : { latencyMs: Math.round(facts.latencyMs * 10) / 10 }),
    ...reportVersion(facts, settings),
    ...(worst === undefined ? {} : { clock: reportClock(worst.clock, facts, settings) }),
    ...(facts.certificateDaysLeft === undefined ? {} : { certificate: { daysLeft: facts.certificateDaysLeft } }),
  }
}

/** Three states: within the limit for certain, beyond it for certain, or not proven; exactly the limit passes. */
export function judgeOffset(
  { offsetMs, errorMs }: Pick<ClockEstimate, 'offsetMs' | 'errorMs'>,
  { maxOffsetMs }: Pick<CheckSettings, 'maxOffsetMs'>,
): 'ok' | 'critical' | 'unknown' {
  // Tenths of a millisecond, added as whole numbers: 999.9 + 0.1 is 1000.
  const [offset, error, limit] = [Math.abs(offsetMs), errorMs, maxOffsetMs].map((ms) => Math.round(ms * 1000)) as [
    number,
    number,
    number,
  ]
  if (offset + error <= limit) return 'ok'
  return offset - error > limit ? 'critical' : 'unknown'
}

interface JudgedClock {
  readonly clock: ClockEstimate
  readonly verdict: Verdict
}

function compareClocks(a: JudgedClock, b: JudgedClock): number {
  return severity(a.verdict) - severity(b.verdict) || Math.abs(a.clock.offsetMs) - Math.abs(b.clock.offsetMs)
}

function judgeClock(
  { clock, verdict }: JudgedClock,
  clockCount: number,
  { ownClockStepMs }: ProbeFacts,
  { maxOffsetMs }: CheckSettings,
): Finding[] {
  if (ownClockStepMs !== 0) {
    const step = formatDurationMs(ownClockStepMs)
    return [{ verdict: 'unknown', reason: `the checker's own clock was stepped by ${step} during the check` }]
  }
  if (verdict === 'ok') return []
  const limit = formatDurationMs(maxOffsetMs)
  const meaning = verdict === 'critical' ? `more than ${limit}` : `not proven to be within ${limit}`
  const others = clockCount === 1 ? '' : '; the answers contradict each other: several clocks, or one that was stepped'
  return [{ verdict, reason: `the clock is ${describeOffset(clock)}, ${meaning}${others}` }]
}

/** Says an offset in words: `12.4 ms ahead (± 0.9 ms)`. */
function describeOffset({ offsetMs, errorMs }: ClockEstimate): string {
  const direction = offsetMs < 0 ? 'behind' : 'ahead'
  return `${formatDurationMs(Math.abs(offsetMs))} ${direction} (± ${formatDurationMs(errorMs)})`
}

function reportClock(clock: ClockEstimate, facts: ProbeFacts, { maxOffsetMs }: CheckSettings): ClockReport {
  return {
    offsetMs: clock.offsetMs,
    errorMs: clock.errorMs,
    limitMs: maxOffsetMs,
    format: facts.format ?? 'auto',
    samples: facts.samples.length,
  }
}

function judgeFailure(failure: Failure | undefined): Finding[] {
  if (failure === undefined) return []
  return [{ verdict: failure.blame === 'checker' ? 'unknown' : 'critical', reason: failure.reason }]
}

function judgeVersion({ versionFound, versionFailure }: ProbeFacts, { expectVersion }: CheckSettings): Finding[] {
  if (expectVersion === undefined) return []
  if (versionFailure !== undefined) return judgeFailure(versionFailure)
  if (versionFound === undefined || [expectVersion].flat().includes(versionFound)) return []
  return [{ verdict: 'critical', reason: `version ${versionFound}, expected ${inWords(expectVersion)}` }]
}

function reportVersion({ versionFound: found }: ProbeFacts, settings: CheckSettings): Pick<TargetReport, 'version'> {
  const expected = settings.expectVersion === undefined ? undefined : inWords(settings.expectVersion)
  if (found === undefined && expected === undefined) return {}
  return { version: { ...(found === undefined ? {} : { found }), ...(expected === undefined ? {} : { expected }) } }
}

function inWords(versions: string | readonly string[]): string {
  return [versions].flat().join(' or ')
}

function judgeLatency(latencyMs: number | undefined, settings: CheckSettings): Finding[] {
  const { criticalLatencyMs = Number.POSITIVE_INFINITY, warningLatencyMs = Number.POSITIVE_INFINITY } = settings
  if (latencyMs === undefined) return []
  const reason = (limitMs: number) =>
    `answers take ${formatDurationMs(latencyMs)}, more than ${formatDurationMs(limitMs)}`
  if (latencyMs > criticalLatencyMs) return [{ verdict: 'critical', reason: reason(criticalLatencyMs) }]
  return latencyMs > warningLatencyMs ? [{ verdict: 'warning', reason: reason(warningLatencyMs) }] : []
}

function judgeCertificate(daysLeft: number | undefined, { warningCertificateDays }: CheckSettings): Finding[] {
  if (daysLeft === undefined || daysLeft >= warningCertificateDays) return []
  return [{ verdict: 'warning', reason: `the certificate ends in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}` }]
}

import { type ClockEstimate, estimateClocks } from '../clock/clock.ts'
import { againstTrueTime } from '../clock/true-offset.ts'
import { formatDurationMs } from '../duration.ts'
import type { CheckSettings } from '../options/settings.ts'
import type { ProbeFacts } from '../probe/facts.ts'
import type { OwnClock } from '../run-types.ts'
import { type CheckReport, type ClockReport, severity, type Verdict } from './report.ts'

export interface Finding {
  readonly verdict: Verdict
  readonly reason: string
}

/** Judges the clocks behind one address and reports the worst; none when the checker's own clock cannot be trusted. */
export function judgeClocks(
  facts: ProbeFacts,
  settings: CheckSettings,
  ownClock: OwnClock,
): { readonly findings: readonly Finding[]; readonly notes: readonly string[]; readonly clock?: ClockReport } {
  const clocks = clocksOf(facts, ownClock).map((clock) => ({ clock, verdict: judgeOffset(clock, settings) }))
  const worst = clocks.toSorted((a, b) => compareClocks(b, a))[0]
  if (worst === undefined) return { findings: judgeOwnClock(facts, ownClock), notes: [] }
  return {
    findings: judgeClock(worst, facts, settings),
    // A step of our own clock makes samples contradict each other.
    notes: clocks.length === 1 || facts.ownClockStepMs !== 0 ? [] : [describeClocks(clocks.map(({ clock }) => clock))],
    clock: reportClock(worst.clock, clocks.length, facts, settings),
  }
}

/** Certainly within the limit, certainly beyond it, or neither; exactly the limit passes. */
export function judgeOffset(
  { offsetMs, errorMs }: Pick<ClockEstimate, 'offsetMs' | 'errorMs'>,
  { maxOffsetMs }: Pick<CheckSettings, 'maxOffsetMs'>,
): 'ok' | 'critical' | 'unknown' {
  // Whole microseconds, so that 999.9 + 0.1 is exactly 1000.
  const [offset, error, limit] = [Math.abs(offsetMs), errorMs, maxOffsetMs].map((ms) => Math.round(ms * 1000)) as [
    number,
    number,
    number,
  ]
  if (offset + error <= limit) return 'ok'
  return offset - error > limit ? 'critical' : 'unknown'
}

/** Estimates against the true time, as far as that is known. */
function clocksOf({ samples }: ProbeFacts, ownClock: OwnClock): ClockEstimate[] {
  if (ownClock.state === 'unknown') return []
  const clocks = estimateClocks(samples)
  if (ownClock.state === 'unmeasured') return clocks
  return clocks.map((clock) => againstTrueTime(clock, ownClock, samples[0]?.reading.periodMs))
}

function judgeOwnClock({ samples }: ProbeFacts, ownClock: OwnClock): Finding[] {
  if (ownClock.state !== 'unknown' || samples.length === 0) return []
  return [{ verdict: 'unknown', reason: `the checker's own clock cannot be trusted: ${ownClock.reason}` }]
}

export function reportOwnClock(ownClock: OwnClock): Pick<CheckReport, 'ownClock'> {
  if (ownClock.state === 'unmeasured') return {}
  const { state: _, ...known } = ownClock
  return { ownClock: known }
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
  return [{ verdict, reason: `the clock is ${describeOffset(clock)}, ${meaning}` }]
}

/** Reported whatever the verdict: each of several clocks may be within the limit, and clients still see time jump. */
function describeClocks(clocks: readonly ClockEstimate[]): string {
  const all = clocks
    .toSorted((a, b) => a.offsetMs - b.offsetMs)
    .slice(0, 5)
    .map(describeOffset)
  const more = clocks.length > all.length ? ', ...' : ''
  return `the answers contradict each other: ${clocks.length} clocks, or one that was stepped: ${all.join(', ')}${more}`
}

/** `12.4 ms ahead (± 0.9 ms)`. */
function describeOffset({ offsetMs, errorMs }: ClockEstimate): string {
  const direction = offsetMs < 0 ? 'behind' : 'ahead'
  return `${formatDurationMs(Math.abs(offsetMs))} ${direction} (± ${formatDurationMs(errorMs)})`
}

function reportClock(
  clock: ClockEstimate,
  clocks: number,
  facts: ProbeFacts,
  { maxOffsetMs }: CheckSettings,
): ClockReport {
  return {
    offsetMs: clock.offsetMs,
    errorMs: clock.errorMs,
    limitMs: maxOffsetMs,
    format: facts.format ?? 'auto',
    samples: facts.samples.length,
    clocks,
  }
}

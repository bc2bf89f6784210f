import type { Reading } from './reading.ts'

/** One answer of the service's clock between two readings of ours, in wall-clock milliseconds since 1970. */
export interface ClockSample {
  /** Not later than the service read its clock. */
  readonly sentMs: number
  /** Not earlier than the service read its clock. */
  readonly receivedMs: number
  readonly reading: Pick<Reading, 'timeMs' | 'resolutionMs' | 'periodMs'>
}

/** The service's clock minus ours lies within [lowMs, highMs]. */
export interface OffsetInterval {
  readonly lowMs: number
  readonly highMs: number
}

/** The service's clock minus the true time: `offsetMs ± errorMs`. */
export interface ClockEstimate {
  readonly offsetMs: number
  readonly errorMs: number
  readonly samples: number
}

/** The interval that each sample proves on its own; a clock without a date is placed on the day nearest to the first sample. */
export function offsetIntervals(samples: readonly ClockSample[]): OffsetInterval[] {
  let firstMidMs: number | undefined
  return samples.map(({ sentMs, receivedMs, reading }) => {
    const halfWidthMs = (receivedMs - sentMs + reading.resolutionMs) / 2
    const midMs = reading.timeMs + reading.resolutionMs / 2 - (sentMs + receivedMs) / 2
    const nearMs = unwrap(midMs, reading.periodMs, firstMidMs ?? 0)
    firstMidMs ??= nearMs
    return { lowMs: nearMs - halfWidthMs, highMs: nearMs + halfWidthMs }
  })
}

/**
 * The clocks that the samples prove: one, unless they contradict each other (several instances behind one address, or a clock
 * that was stepped). A single clock lies in the intersection of all samples; each of several, somewhere in the span of its own.
 */
export function estimateClocks(samples: readonly ClockSample[]): ClockEstimate[] {
  const periodMs = samples[0]?.reading.periodMs
  const groups = agreeing(offsetIntervals(samples))
  return groups.map((group) => {
    const interval = groups.length === 1 ? shared(group) : hull(group)
    return { ...roundOutward(interval, periodMs), samples: group.length }
  })
}

/** The intersection; low above high when the intervals contradict each other. */
export function shared(intervals: readonly OffsetInterval[]): OffsetInterval {
  return {
    lowMs: Math.max(...intervals.map(({ lowMs }) => lowMs)),
    highMs: Math.min(...intervals.map(({ highMs }) => highMs)),
  }
}

function hull(intervals: readonly OffsetInterval[]): OffsetInterval {
  return {
    lowMs: Math.min(...intervals.map(({ lowMs }) => lowMs)),
    highMs: Math.max(...intervals.map(({ highMs }) => highMs)),
  }
}

/** The smallest number of groups whose members all overlap. */
function agreeing(intervals: readonly OffsetInterval[]): OffsetInterval[][] {
  const groups: OffsetInterval[][] = []
  let endMs = Number.NEGATIVE_INFINITY
  for (const interval of intervals.toSorted((a, b) => a.highMs - b.highMs)) {
    const group = groups.at(-1)
    if (group !== undefined && interval.lowMs <= endMs) {
      group.push(interval)
      continue
    }
    groups.push([interval])
    endMs = interval.highMs
  }
  return groups
}

/** Rounds to tenths of a millisecond, the error upward so that the bound stays proven. */
function roundOutward({ lowMs, highMs }: OffsetInterval, periodMs?: number): { offsetMs: number; errorMs: number } {
  const middleMs = Math.round((lowMs + highMs) * 5) / 10
  const errorMs = Math.ceil(Math.max(highMs - middleMs, middleMs - lowMs) * 10 - 1e-6) / 10
  return { offsetMs: Math.round(unwrap(middleMs, periodMs, 0) * 10) / 10 + 0, errorMs }
}

/** The value with the same phase in (near − period/2, near + period/2]. */
function unwrap(valueMs: number, periodMs: number | undefined, nearMs: number): number {
  if (periodMs === undefined) return valueMs
  return valueMs - Math.ceil((valueMs - nearMs) / periodMs - 0.5) * periodMs
}

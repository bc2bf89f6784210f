import type { OwnInterval } from './bounds.ts'

/**
 * The span that lies within more than half of the intervals (Marzullo's algorithm with the majority of RFC 5905, 11.2.1, instead
 * of the maximum). It contains the true offset if more than half of the servers are right. Undefined when there is no majority.
 */
export function majority(intervals: readonly OwnInterval[]): OwnInterval | undefined {
  const edges = intervals
    .flatMap(({ lowMs, highMs }) => [
      { atMs: lowMs, step: 1 },
      { atMs: highMs, step: -1 },
    ])
    .toSorted((a, b) => a.atMs - b.atMs || b.step - a.step)
  let within = 0
  let found: OwnInterval | undefined
  for (const { atMs, step } of edges) {
    // Intervals are closed.
    if (Math.max(within, within + step) * 2 > intervals.length) found = { lowMs: found?.lowMs ?? atMs, highMs: atMs }
    within += step
  }
  return found
}

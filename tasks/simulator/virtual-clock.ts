import type { Clock } from '../lib/clock.ts'

interface Sleeper {
  readonly untilMs: number
  /** Of two with the same time, the lower one wakes first. */
  readonly order: number
  readonly wake: () => void
}

/**
 * A clock that stands still while anything can run and then jumps to the next sleeper's time, so that hours pass in
 * milliseconds and always in the same order.
 */
export function virtualClock(startMs: number = Date.UTC(2026, 0, 1)): Clock {
  let nowMs = startMs
  let order = 0
  const sleepers: Sleeper[] = []
  const wakeNext = () => {
    const next = takeFirst(sleepers)
    if (!next) return
    nowMs = Math.max(nowMs, next.untilMs)
    next.wake()
  }
  return {
    now: () => nowMs,
    sleep: (ms) =>
      new Promise((resolve) => {
        order += 1
        add(sleepers, { untilMs: nowMs + ms, order, wake: resolve })
        setImmediate(wakeNext)
      }),
  }
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.untilMs < b.untilMs || (a.untilMs === b.untilMs && a.order < b.order)
}

/** Inserts into a binary heap, the first to wake on top. */
function add(heap: Sleeper[], sleeper: Sleeper): void {
  let hole = heap.push(sleeper) - 1
  while (hole > 0) {
    const above = (hole - 1) >> 1
    const parent = heap[above] as Sleeper
    if (!isBefore(sleeper, parent)) break
    heap[hole] = parent
    hole = above
  }
  heap[hole] = sleeper
}

function takeFirst(heap: Sleeper[]): Sleeper | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (!last || heap.length === 0) return first
  let hole = 0
  while (true) {
    const left = heap[2 * hole + 1]
    const right = heap[2 * hole + 2]
    const child = left && right && isBefore(right, left) ? 2 * hole + 2 : 2 * hole + 1
    const sleeper = heap[child]
    if (!sleeper || !isBefore(sleeper, last)) break
    heap[hole] = sleeper
    hole = child
  }
  heap[hole] = last
  return first
}

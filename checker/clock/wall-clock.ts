import { driftPerMs } from '../own-clock/bounds.ts'

/** Turns a reading of `performance.now()` into wall-clock milliseconds since 1970, right to ± `errorMs`. */
export interface WallClock {
  (monotonicMs: number): number
  readonly errorMs: number
}

/** Fine enough to stop reading. */
const fineMs = 0.02
const patienceMs = 20

/**
 * Reads the wall clock until its millisecond changes, and goes on by the monotonic clock: finer than `Date.now()`, and not
 * disturbed by a clock that is stepped meanwhile. Each reading proves an interval, whatever kept the process waiting; what
 * they share is the result. Takes 1 ms, 20 ms at most.
 */
export function readWallClock(): WallClock {
  const giveUpMs = performance.now() + patienceMs
  let known = readOnce()
  for (;;) {
    const next = readOnce()
    const both = { lowMs: Math.max(known.lowMs, next.lowMs), highMs: Math.min(known.highMs, next.highMs) }
    // Readings that contradict each other: the clock was stepped between them.
    known = both.lowMs <= both.highMs ? { ...next, ...both } : next
    if (known.highMs - known.lowMs < 2 * fineMs || next.afterMs > giveUpMs) break
  }
  const differenceMs = (known.lowMs + known.highMs) / 2
  return Object.assign((monotonicMs: number) => monotonicMs + differenceMs, {
    errorMs: (known.highMs - known.lowMs) / 2,
  })
}

const longestKeptMs = 1000

/** The last reading, for whoever probes again and again. */
let kept: { readonly wallClock: WallClock; readonly readMs: number } | undefined

/**
 * As `readWallClock`, which is no cheaper than a whole probe: within a second the last reading still serves, unless the clock
 * was stepped since. Its bound grows meanwhile.
 */
export function keptWallClock(): WallClock {
  const ageMs = performance.now() - (kept?.readMs ?? Number.NEGATIVE_INFINITY)
  if (kept === undefined || ageMs > longestKeptMs || !agrees(kept.wallClock)) {
    kept = { wallClock: readWallClock(), readMs: performance.now() }
    return kept.wallClock
  }
  const { wallClock } = kept
  return Object.assign((monotonicMs: number) => wallClock(monotonicMs), {
    errorMs: wallClock.errorMs + ageMs * driftPerMs,
  })
}

/** Whether a reading of the clock proves nothing else. */
function agrees(wallClock: WallClock): boolean {
  const { lowMs, highMs } = readOnce()
  const differenceMs = wallClock(0)
  return differenceMs + wallClock.errorMs >= lowMs && differenceMs - wallClock.errorMs <= highMs
}

/** How far the wall clock was stepped since it was read, in milliseconds; what rounding explains counts as 0. */
export function wallClockStepMs(wallClock: (monotonicMs: number) => number): number {
  const { lowMs, highMs } = readOnce()
  const thenMs = wallClock(0)
  const stepMs = lowMs > thenMs ? lowMs - thenMs : highMs < thenMs ? highMs - thenMs : 0
  return Math.abs(stepMs) < 10 ? 0 : Math.round(stepMs)
}

/** The wall clock minus the monotonic one lies between: `Date.now()` is rounded down, and was read between two moments. */
function readOnce(): { lowMs: number; highMs: number; afterMs: number } {
  const beforeMs = performance.now()
  const wallMs = Date.now()
  const afterMs = performance.now()
  return { lowMs: wallMs - afterMs, highMs: wallMs + 1 - beforeMs, afterMs }
}

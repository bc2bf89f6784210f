/** Turns a reading of `performance.now()` into wall-clock milliseconds since 1970. */
export type WallClock = (monotonicMs: number) => number

/**
 * Reads the wall clock once, at the moment when its millisecond changes, and goes on by the monotonic clock: finer than
 * `Date.now()`, and not disturbed by a clock that is stepped meanwhile. Takes 1 ms, 20 ms at most.
 */
export function readWallClock(): WallClock {
  const giveUpMs = performance.now() + 20
  let previous = { wallMs: Number.NaN, beforeMs: Number.NaN }
  for (;;) {
    const beforeMs = performance.now()
    const wallMs = Date.now()
    const afterMs = performance.now()
    // The moment of the change is known as finely as the two readings lie apart: far, when the process had to wait.
    const isFine = wallMs === previous.wallMs + 1 && afterMs - previous.beforeMs < 0.02
    if (isFine || afterMs > giveUpMs) return (monotonicMs) => wallMs + monotonicMs - afterMs
    previous = { wallMs, beforeMs }
  }
}

/** How far the wall clock was stepped since it was read, in milliseconds; what rounding explains counts as 0. */
export function wallClockStepMs(wallClock: WallClock): number {
  const stepMs = Date.now() - wallClock(performance.now())
  return Math.abs(stepMs) < 10 ? 0 : Math.round(stepMs)
}

import { driftPerMs } from '../own-clock/bounds.ts'

/** Converts a `performance.now()` reading to wall-clock milliseconds since 1970, ± `errorMs`. */
export interface WallClock {
  (monotonicMs: number): number
  readonly errorMs: number
}

/** Precise enough to stop reading. */
const fineMs = 0.02
const patienceMs = 20

/**
 * Reads the wall clock until its millisecond changes, then continues on the monotonic clock: more precise than `Date.now()`, and
 * unaffected by later steps. Each reading proves an interval, however long the process was held up; the result is their
 * intersection. Takes 1 ms, at most 20 ms.
 */
export function readWallClock(): WallClock {
  const giveUpMs = performance.now() + patienceMs
  let known = readOnce()
  for (;;) {
    const next = readOnce()
    const both = { lowMs: Math.max(known.lowMs, next.lowMs), highMs: Math.min(known.highMs, next.highMs) }
    // Contradicting readings: the clock was stepped between them.
    known = both.lowMs <= both.highMs ? { ...next, ...both } : next
    if (known.highMs - known.lowMs < 2 * fineMs || next.afterMs > giveUpMs) break
  }
  const differenceMs = (known.lowMs + known.highMs) / 2
  return Object.assign((monotonicMs: number) => monotonicMs + differenceMs, {
    errorMs: (known.highMs - known.lowMs) / 2,
  })
}

const longestKeptMs = 1000

/** The last reading, for repeated probes. */
let kept: { readonly wallClock: WallClock; readonly readMs: number } | undefined

/**
 * Caches `readWallClock`, which costs as much as a whole probe, for a second, unless the clock is stepped. Its bound grows with
 * age.
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

/** Whether a fresh reading is consistent with it. */
function agrees(wallClock: WallClock): boolean {
  const { lowMs, highMs } = readOnce()
  const differenceMs = wallClock(0)
  return differenceMs + wallClock.errorMs >= lowMs && differenceMs - wallClock.errorMs <= highMs
}

/** How far the wall clock was stepped since it was read, in milliseconds; 0 for what rounding explains. */
export function wallClockStepMs(wallClock: (monotonicMs: number) => number): number {
  const { lowMs, highMs } = readOnce()
  const thenMs = wallClock(0)
  const stepMs = lowMs > thenMs ? lowMs - thenMs : highMs < thenMs ? highMs - thenMs : 0
  return Math.abs(stepMs) < 10 ? 0 : Math.round(stepMs)
}

/** Bounds of the wall clock minus the monotonic one: `Date.now()` rounds down, and was read between two moments. */
function readOnce(): { lowMs: number; highMs: number; afterMs: number } {
  const beforeMs = performance.now()
  const wallMs = Date.now()
  const afterMs = performance.now()
  return { lowMs: wallMs - afterMs, highMs: wallMs + 1 - beforeMs, afterMs }
}

import type { Clock } from '../lib/clock.ts'

interface Sleeper {
  readonly untilMs: number
  readonly wake: () => void
}

/**
 * A clock that stands still while anything can run and then jumps to the next sleeper's hour, so that hours pass in
 * milliseconds and always in the same order.
 */
export function virtualClock(startMs: number = Date.UTC(2026, 0, 1)): Clock {
  let nowMs = startMs
  let sleepers: Sleeper[] = []
  const wakeNext = () => {
    const next = sleepers.reduce<Sleeper | undefined>((a, b) => (a && a.untilMs <= b.untilMs ? a : b), undefined)
    if (!next) return
    sleepers = sleepers.filter((sleeper) => sleeper !== next)
    nowMs = Math.max(nowMs, next.untilMs)
    next.wake()
  }
  return {
    now: () => nowMs,
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers.push({ untilMs: nowMs + ms, wake: resolve })
        setImmediate(wakeNext)
      }),
  }
}

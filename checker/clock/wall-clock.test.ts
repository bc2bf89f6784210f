import t from 'tap'
import { keptWallClock, readWallClock, type WallClock, wallClockStepMs } from './wall-clock.ts'

t.test('follows the wall clock', (t) => {
  const wallClock = readWallClock()
  const beforeMs = Date.now()
  const wallMs = wallClock(performance.now())
  const afterMs = Date.now() + 1
  const { errorMs } = wallClock
  t.ok(wallMs >= beforeMs - errorMs && wallMs <= afterMs + errorMs, `${beforeMs} ${wallMs} ${afterMs}`)
  t.ok(errorMs <= 0.6, `${errorMs}`)
  t.equal(wallClock(100) - wallClock(50), 50)
  t.end()
})

t.test('notices a step of the clock', (t) => {
  const wallClock = readWallClock()
  t.equal(wallClockStepMs(wallClock), 0)
  const step = wallClockStepMs((monotonicMs) => wallClock(monotonicMs) - 60_000)
  t.ok(Math.abs(step - 60_000) < 20, `${step}`)
  t.end()
})

t.test('a process delayed in the middle of a reading widens the bound instead of being wrong', (t) => {
  const { now } = performance
  let readings = 0
  // Every second reading of the monotonic clock comes 15 ms late, as on a busy machine.
  performance.now = () => {
    readings += 1
    const untilMs = now.call(performance) + (readings % 2 === 0 ? 15 : 0)
    while (now.call(performance) < untilMs);
    return now.call(performance)
  }
  const wallClock = readWallClock()
  performance.now = now
  const earlyMs = Date.now()
  const wallMs = wallClock(performance.now())
  t.ok(wallMs >= earlyMs - wallClock.errorMs && wallMs <= Date.now() + 1 + wallClock.errorMs)
  t.ok(wallClock.errorMs < 10, `${wallClock.errorMs}`)
  t.equal(wallClockStepMs(wallClock), 0)
  t.end()
})

t.test('keeps a reading for a second, widening its bound with age, unless the clock is stepped', (t) => {
  let [monotonicMs, differenceMs] = [50_000, 1_700_000_000_000.25]
  const clocks = [performance, Date] as const
  const [{ now: monotonic }, { now: wall }] = clocks
  performance.now = () => {
    monotonicMs += 0.001
    return monotonicMs
  }
  Date.now = () => Math.floor(monotonicMs + differenceMs)
  t.teardown(() => {
    performance.now = monotonic
    Date.now = wall
  })
  const isRight = (wallClock: WallClock) => Math.abs(wallClock(0) - differenceMs) <= wallClock.errorMs
  const first = keptWallClock()
  const readMs = monotonicMs
  monotonicMs += 900
  const later = keptWallClock()
  t.equal(later(0), first(0))
  t.ok(monotonicMs - readMs < 901, 'not read again, which takes a millisecond')
  t.ok(later.errorMs > first.errorMs + 0.089 && later.errorMs < first.errorMs + 0.091, `${later.errorMs}`)
  monotonicMs += 101
  t.ok(keptWallClock().errorMs < 0.03, 'read again')
  for (const stepMs of [3_600_000, -3_600_000, 5, -5, 1.1]) {
    differenceMs += stepMs
    const stepped = keptWallClock()
    t.ok(isRight(stepped) && stepped.errorMs < 0.03, `${stepMs} ms`)
  }
  t.end()
})

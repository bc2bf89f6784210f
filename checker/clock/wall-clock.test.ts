import t from 'tap'
import { readWallClock, wallClockStepMs } from './wall-clock.ts'

t.test('goes with the wall clock', (t) => {
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

t.test('notices a clock that was stepped meanwhile', (t) => {
  const wallClock = readWallClock()
  t.equal(wallClockStepMs(wallClock), 0)
  const step = wallClockStepMs((monotonicMs) => wallClock(monotonicMs) - 60_000)
  t.ok(Math.abs(step - 60_000) < 20, `${step}`)
  t.end()
})

t.test('a process that has to wait in the middle of a reading is not misled', (t) => {
  const { now } = performance
  let readings = 0
  // Every second look at the monotonic clock comes 15 ms late, as on a machine with too much to do.
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

import t from 'tap'
import { readWallClock, wallClockStepMs } from './wall-clock.ts'

t.test('goes with the wall clock', (t) => {
  const wallClock = readWallClock()
  const beforeMs = Date.now()
  const wallMs = wallClock(performance.now())
  const afterMs = Date.now() + 1
  // 20 ms: what a machine that never lets the process run undisturbed may cost.
  t.ok(wallMs > beforeMs - 20 && wallMs < afterMs + 20, `${beforeMs} ${wallMs} ${afterMs}`)
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

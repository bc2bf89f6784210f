import t from 'tap'
import { randomFrom, type Trace, traceFrom } from '../fixtures/traces.ts'
import { defaultSettings } from '../options/settings.ts'
import { judgeClocks } from '../verdict/clock-verdict.ts'
import { estimateClocks } from './clock.ts'
import { againstTrueTime } from './true-offset.ts'

const count = Number(process.env['BAKEROLL_TEST_TRACES'] ?? 100_000)
const seed = Number(process.env['BAKEROLL_TEST_SEED'] ?? Date.now() % 2 ** 31)
const dayMs = 86_400_000

/** A float of 1.7e12 ms is exact to 0.0003 ms, and several are added up. */
const floatMs = 0.002

/** What is wrong with the checker's result for a trace. */
function wrong({ samples, format, ownClock, offsetMs, maxOffsetMs }: Trace): string | undefined {
  const facts = { url: 'http://a.example', samples, ownClockStepMs: 0 }
  const { findings, clock } = judgeClocks(facts, { ...defaultSettings, maxOffsetMs }, ownClock)
  if (clock === undefined) return 'no clock'
  if (estimateClocks(samples).length !== 1) return 'a single clock taken for several'
  const gapMs = Math.abs(clock.offsetMs - offsetMs)
  // A clock without a date is reported for the nearest day.
  const apartMs = format === 'time-of-day' ? Math.min(gapMs % dayMs, dayMs - (gapMs % dayMs)) : gapMs
  if (apartMs > clock.errorMs + floatMs) return `${clock.offsetMs} ± ${clock.errorMs} does not hold ${offsetMs}`
  const verdict = findings[0]?.verdict ?? 'ok'
  const isRight = Math.abs(offsetMs) <= maxOffsetMs + floatMs
  if (verdict === 'ok' && !isRight) return `ok: ${offsetMs}, limit ${maxOffsetMs}`
  if (verdict === 'critical' && Math.abs(offsetMs) < maxOffsetMs - floatMs)
    return `critical: ${offsetMs}, ${maxOffsetMs}`
  seen[verdict] = (seen[verdict] ?? 0) + 1
  return undefined
}

const seen: Record<string, number> = {}

t.test(`${count} traces (BAKEROLL_TEST_SEED=${seed}): every bound holds and every verdict is right`, (t) => {
  const random = randomFrom(seed)
  for (let number = 0; number < count; number += 1) {
    const trace = traceFrom(random)
    const problem = wrong(trace)
    if (problem !== undefined) return t.fail(`trace ${number}: ${problem}`, { trace: JSON.stringify(trace) })
  }
  t.comment(JSON.stringify(seen))
  for (const verdict of ['ok', 'critical', 'unknown']) t.ok((seen[verdict] ?? 0) > count / 50, `${verdict} occurs`)
  return t.end()
})

t.test('the traces would expose a bound slightly too narrow, and an ignored own clock', (t) => {
  const random = randomFrom(1)
  const traces = Array.from({ length: 5000 }, () => traceFrom(random))
  const narrow = traces.filter(({ samples, ownClock, offsetMs, format }) => {
    const [clock] = estimateClocks(samples)
    if (clock === undefined || ownClock.state !== 'trusted' || format === 'time-of-day') return false
    const told = againstTrueTime(clock, ownClock)
    return Math.abs(told.offsetMs - offsetMs) > told.errorMs * 0.8
  })
  t.ok(narrow.length > 20, `${narrow.length}`)
  const forgetful = traces.filter((trace) => wrong({ ...trace, ownClock: { state: 'unmeasured' } }) !== undefined)
  t.ok(forgetful.length > 1000, `${forgetful.length}`)
  t.end()
})

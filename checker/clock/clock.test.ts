import fc from 'fast-check'
import t from 'tap'
import { type ClockSample, estimateClocks } from './clock.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 10, 21, 12)

/** The response of a service with this offset, between two moments of our clock. */
function answer(offsetMs: number, sentMs: number, outMs: number, backMs: number, resolutionMs: number): ClockSample {
  const serverMs = sentMs + outMs + offsetMs
  const timeMs = Math.floor(serverMs / resolutionMs) * resolutionMs
  return { sentMs, receivedMs: sentMs + outMs + backMs, reading: { timeMs, resolutionMs } }
}

function asTimeOfDay(sample: ClockSample): ClockSample {
  const { timeMs, resolutionMs } = sample.reading
  return { ...sample, reading: { timeMs: ((timeMs % dayMs) + dayMs) % dayMs, resolutionMs, periodMs: dayMs } }
}

const delays = fc.record({
  waitMs: fc.double({ min: 0, max: 1500, noNaN: true }),
  outMs: fc.double({ min: 0, max: 300, noNaN: true }),
  backMs: fc.double({ min: 0, max: 300, noNaN: true }),
})
const runs = fc.record({
  offsetMs: fc.double({ min: -40_000_000, max: 40_000_000, noNaN: true }),
  resolutionMs: fc.constantFrom(1, 10, 1000),
  delays: fc.array(delays, { minLength: 1, maxLength: 12 }),
})

function samplesOf(run: { offsetMs: number; resolutionMs: number; delays: Record<string, number>[] }): ClockSample[] {
  let nowMs = startMs
  return run.delays.map(({ waitMs = 0, outMs = 0, backMs = 0 }) => {
    const sample = answer(run.offsetMs, nowMs + waitMs, outMs, backMs, run.resolutionMs)
    nowMs = sample.receivedMs
    return sample
  })
}

t.test('the true offset lies within the bound, whatever the delays', (t) => {
  fc.assert(
    fc.property(runs, (run) => {
      for (const samples of [samplesOf(run), samplesOf(run).map(asTimeOfDay)]) {
        const clocks = estimateClocks(samples)
        const [clock] = clocks
        // A float of 1.7e12 ms is exact to 0.0003 ms.
        if (clock === undefined || clocks.length !== 1) return false
        if (Math.abs(clock.offsetMs - run.offsetMs) > clock.errorMs + 0.002) return false
        if (clock.samples !== samples.length) return false
      }
      return true
    }),
    { numRuns: 2000 },
  )
  t.pass('2000 random runs')
  t.end()
})

t.test('more samples never widen the bound of one clock', (t) => {
  fc.assert(
    fc.property(runs, (run) => {
      const samples = samplesOf(run)
      const [all] = estimateClocks(samples)
      const [first] = estimateClocks(samples.slice(0, 1))
      return (all?.errorMs ?? Number.NaN) <= (first?.errorMs ?? Number.NaN) + 0.11
    }),
  )
  t.pass('random runs')
  t.end()
})

t.test('one sample: half the round trip plus half the resolution', (t) => {
  t.same(estimateClocks([answer(500, startMs, 10, 30, 1)]), [{ offsetMs: 490.5, errorMs: 20.5, samples: 1 }])
  t.same(estimateClocks([]), [])
  t.end()
})

t.test('responses that no single clock can give count as several clocks', (t) => {
  const near = answer(0, startMs, 1, 1, 1)
  const far = answer(3_600_000, startMs + 5, 1, 1, 1)
  const clocks = estimateClocks([near, far, near, far])
  t.same(
    clocks.map(({ samples }) => samples),
    [2, 2],
  )
  t.ok(Math.abs(clocks[0]?.offsetMs ?? Number.NaN) <= 1.5)
  t.ok(Math.abs((clocks[1]?.offsetMs ?? Number.NaN) - 3_600_000) <= 1.5)
  t.end()
})

t.test('a time of day takes the nearest offset, across midnight too', (t) => {
  const midnightMs = Date.UTC(2026, 10, 21)
  const estimate = (offsetMs: number, sentMs: number) =>
    estimateClocks([asTimeOfDay(answer(offsetMs, sentMs, 1, 1, 1))])[0]?.offsetMs ?? Number.NaN
  t.ok(Math.abs(estimate(400, midnightMs - 200) - 400) <= 1.5)
  t.ok(Math.abs(estimate(-400, midnightMs + 200) + 400) <= 1.5)
  t.ok(Math.abs(estimate(dayMs, midnightMs + 200)) <= 1.5, 'an offset of a whole day cannot be seen')
  t.ok(Math.abs(estimate(dayMs / 2 - 5, startMs) - (dayMs / 2 - 5)) <= 1.5)
  t.ok(Math.abs(estimate(dayMs / 2 + 5, startMs) - (5 - dayMs / 2)) <= 1.5)
  t.end()
})

t.test('half a day off: samples on both sides of the wrap count as one clock', (t) => {
  const samples = [-0.4, 0.4, 0.2].map((jitterMs) => asTimeOfDay(answer(dayMs / 2 + jitterMs, startMs, 1, 1, 1)))
  const clocks = estimateClocks(samples)
  t.equal(clocks.length, 1)
  t.ok(Math.abs(Math.abs(clocks[0]?.offsetMs ?? 0) - dayMs / 2) <= 2)
  t.end()
})

import t from 'tap'
import { type ClockSample, estimateClocks } from './clock.ts'
import { nextSampleDelayMs } from './sampling.ts'

/** Plays samples of a clock against `nextSampleDelayMs`, without waiting. */
function play(offsetMs: number, resolutionMs: number, count: number): { errorMs: number; tookMs: number } {
  const startMs = Date.UTC(2026, 10, 21, 12) + 123.4
  const samples: ClockSample[] = []
  let nowMs = startMs
  while (samples.length < count) {
    nowMs += nextSampleDelayMs(samples, nowMs)
    const timeMs = Math.floor((nowMs + 0.5 + offsetMs) / resolutionMs) * resolutionMs
    samples.push({ sentMs: nowMs, receivedMs: nowMs + 1, reading: { timeMs, resolutionMs } })
    nowMs += 1
  }
  const [clock] = estimateClocks(samples)
  return { errorMs: clock?.errorMs ?? Number.NaN, tookMs: nowMs - startMs }
}

t.test('whole seconds: every sample after the second halves the bound', (t) => {
  for (const offsetMs of [0, 400, 999, -1500, 12_345.6]) {
    t.ok(play(offsetMs, 1000, 5).errorMs <= 65, `5 samples at offset ${offsetMs}`)
    t.ok(play(offsetMs, 1000, 10).errorMs <= 4, `10 samples at offset ${offsetMs}`)
    t.ok(play(offsetMs, 1000, 10).tookMs <= 10_000)
  }
  t.end()
})

t.test('milliseconds: no waiting', (t) => {
  t.equal(play(400, 1, 5).tookMs, 5)
  t.end()
})

t.test('the finest possible bound: no waiting', (t) => {
  t.ok(play(0, 1000, 100).tookMs <= 11_000)
  t.end()
})

t.test('contradicting responses: no waiting', (t) => {
  const sample = { sentMs: 0, receivedMs: 1, reading: { timeMs: 0, resolutionMs: 1000 } }
  t.equal(nextSampleDelayMs([sample, { ...sample, reading: { timeMs: 9000, resolutionMs: 1000 } }], 5), 0)
  t.end()
})

import t from 'tap'
import type { TargetReport } from '../../checker/verdict/report.ts'
import { probeResult } from './probe.ts'

/** A measurement of a clock that is off by this much, with this error. */
function measured(offsetMs: number, errorMs: number, more: Partial<TargetReport> = {}): TargetReport {
  const isRight = Math.abs(offsetMs) + errorMs <= 1000
  const clock = { offsetMs, errorMs, limitMs: 1000, format: 'iso8601', samples: 2, clocks: 1 }
  return {
    url: 'http://127.0.0.1',
    verdict: isRight ? 'ok' : 'critical',
    reasons: isRight ? [] : ['the clock is not proven'],
    status: 200,
    version: { found: '1.0.0', expected: '1.0.0' },
    clock,
    ...more,
  } as TargetReport
}

t.test('a clock is right, wrong, or undecided when responses were too slow', (t) => {
  t.match(probeResult(measured(10, 5), '1.0.0'), { ok: true, clockOk: true, undecided: false })
  t.match(probeResult(measured(4000, 5), '1.0.0'), { ok: false, clockOk: false, undecided: false })
  t.match(probeResult(measured(600, 700), '1.0.0'), { ok: false, clockOk: undefined, undecided: true })
  t.match(probeResult(measured(-2000, 1500), '1.0.0'), { ok: false, clockOk: undefined, undecided: true })
  t.end()
})

t.test('slow responses excuse nothing else', (t) => {
  const reasons = ['GET /now: HTTP 502', 'the clock is not proven']
  t.match(probeResult(measured(600, 700), '2.0.0'), { versionOk: false, undecided: false })
  t.match(probeResult(measured(600, 700, { status: 502, reasons }), '1.0.0'), { upstreamOk: false, undecided: false })
  t.match(probeResult(measured(600, 700, { reasons: ['the clock is not proven', '2 clocks answer'] }), '1.0.0'), {
    undecided: false,
  })
  t.match(probeResult({ ...measured(0, 0), verdict: 'critical', clock: undefined } as never, '1.0.0'), {
    ok: false,
    undecided: false,
  })
  t.end()
})

import t from 'tap'
import { defaultSettings } from '../options/settings.ts'
import type { CheckReport, TargetReport } from '../verdict/report.ts'
import { renderReport } from './render.ts'

const good: TargetReport = {
  url: 'https://a.example',
  address: '192.0.2.1',
  verdict: 'ok',
  reasons: [],
  status: 200,
  latencyMs: 3.1,
  version: { found: '1.4.0', expected: '1.4.0' },
  clock: { offsetMs: -12.4, errorMs: 0.9, limitMs: 1000, format: 'iso8601', samples: 5, clocks: 2 },
  certificate: { daysLeft: 61, endsAt: '2026-03-01T00:00:00.000Z' },
}
const bad: TargetReport = {
  url: "http://b'=.example",
  verdict: 'critical',
  reasons: ['GET /now: HTTP 301 to "<a>&|\u0001"'],
  status: 301,
  version: { expected: '1."4\\\n' },
}
const report = (...targets: TargetReport[]): CheckReport => {
  const isOk = targets.every(({ verdict }) => verdict === 'ok')
  const summary = targets.flatMap(({ reasons }) => reasons)[0] ?? 'all well'
  return { ok: isOk, verdict: isOk ? 'ok' : 'critical', summary, targets }
}
const settings = { ...defaultSettings, warningLatencyMs: 50 }

t.test('text: one line when everything is ok, otherwise each target with its reasons', async (t) => {
  t.equal(await renderReport(report(good), 'text', settings), 'all well\n')
  t.equal(
    await renderReport(report(good, { ...bad, reasons: ['HTTP 502'] }), 'text', settings),
    [
      'critical: HTTP 502',
      '  ok        https://a.example (192.0.2.1)  version 1.4.0, clock −12.4 ms ± 0.9 ms (the worst of 2), answers in 3.1 ms, certificate 61 days',
      "  critical  http://b'=.example",
      '            HTTP 502',
      '',
    ].join('\n'),
  )
})

t.test('json: the report unchanged, on one line', async (t) => {
  const json = await renderReport(report(good, bad), 'json', settings)
  t.equal(json.trimEnd().includes('\n'), false)
  t.strictSame(JSON.parse(json), report(good, bad))
})

t.test('nagios: one line with performance data, units and thresholds', async (t) => {
  t.equal(
    await renderReport(report(good), 'nagios', settings),
    'CHECK OK - all well | offset=-12.4ms;;-1000:1000 error=0.9ms;;;0 latency=3.1ms;50;;0 certificate_days=61;7:\n',
  )
  t.equal(
    await renderReport(report(bad, { ...bad, latencyMs: 2 }), 'nagios', defaultSettings),
    `CHECK CRITICAL - GET /now: HTTP 301 to "<a>&/ " | 'http://b_.example latency'=2ms;;;0\n`,
  )
})

t.test('prometheus: each family once, labels escaped', async (t) => {
  const text = await renderReport(report(good, bad), 'prometheus', settings)
  const labels = '{url="https://a.example",address="192.0.2.1"}'
  for (const line of [
    '# HELP bakeroll_check_ok Whether the verdict is ok.',
    '# TYPE bakeroll_check_ok gauge',
    `bakeroll_check_ok${labels} 1`,
    `bakeroll_check_verdict{url="http://b'=.example"} 2`,
    `bakeroll_check_clock_offset_seconds${labels} -0.0124`,
    `bakeroll_check_latency_seconds${labels} 0.0031`,
    `bakeroll_check_certificate_days_left${labels} 61`,
    `bakeroll_check_certificate_end_timestamp_seconds${labels} 1772323200`,
    `bakeroll_check_clocks${labels} 2`,
    String.raw`bakeroll_check_version_info{url="http://b'=.example",expected="1.\"4\\\n"} 1`,
  ]) {
    t.equal(text.split('\n').filter((found) => found === line).length, 1, line)
  }
  t.ok(text.endsWith('\n'))
})

t.test('junit: critical is a failure, unknown an error, a warning passes; all escaped', async (t) => {
  const unsure: TargetReport = { url: 'http://c.example', verdict: 'unknown', reasons: ['no route'] }
  const warned: TargetReport = { url: 'http://d.example', verdict: 'warning', reasons: ['slow'] }
  const xml = await renderReport(report(good, bad, unsure, warned), 'junit', settings)
  t.match(xml, ' tests="4" failures="1" errors="1" time="0.0031">')
  t.match(xml, '><failure message="GET /now: HTTP 301 to &quot;&lt;a&gt;&amp;|&quot;" type="critical">')
  t.match(xml, '<error message="no route" type="unknown">no route</error>')
  t.match(xml, 'name="http://d.example" time="0.0000"/>')
  t.match(xml, 'http://d.example: warning\n  slow</system-out>')
  t.notMatch(xml, '\u0001')
})

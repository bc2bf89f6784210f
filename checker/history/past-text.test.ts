import t from 'tap'
import type { Cell, Figures, Past } from './past.ts'
import { renderPast, sparkline } from './past-text.ts'

const figures: Figures = {
  checks: { ok: 1430, warning: 8, critical: 1, unknown: 1 },
  availability: 1438 / 1439,
  latencyMs: { min: 9, average: 13, max: 400, p50: 12.3, p95: 30 },
  offsetMs: { min: -12.4, max: 3, low: -13.3, high: 3.9 },
}
const nothing: Figures = { checks: { ok: 0, warning: 0, critical: 0, unknown: 0 } }
const past: Past = {
  at: '2026-06-15T14:07:00.000Z',
  targets: [
    {
      url: 'https://a.example',
      address: '192.0.2.1',
      last: { at: '2026-06-15T14:06:00.000Z', verdict: 'critical', version: '1.4.0' },
      windows: { '24h': nothing, '7d': figures, '30d': figures, '90d': figures, '365d': figures },
      days: [],
      quarters: [],
      incidents: [
        { began: '2026-06-15T14:00:00.000Z', lengthMs: 420_000, reason: 'GET /now: HTTP 502' },
        ...Array.from({ length: 11 }, () => ({
          began: '2026-06-01T10:00:00.000Z',
          ended: '2026-06-01T12:00:00.000Z',
          lengthMs: 7_200_000,
          reason: 'no answer',
        })),
      ],
    },
  ],
}

t.test('prints a table per target, its incidents, and a dash for unknown values', async (t) => {
  const lines = renderPast(past).split('\n')
  t.equal(lines[0], '1 target, until 2026-06-15 14:07 UTC')
  t.equal(lines[2], 'https://a.example (192.0.2.1)  critical, 2026-06-15 14:06 UTC, version 1.4.0')
  t.match(lines[4], /^ {2}24h +– +– +– +– +– +0$/)
  t.match(lines[5], /^ {2}7d +99\.93 % +12\.3 ms +30 ms +−12\.4 ms to \+3 ms +−13\.3 ms to \+3\.9 ms +1440$/)
  const text = lines.join('\n')
  t.match(text, '  12 incidents within 90 days:\n    2026-06-15 14:00 UTC  for 7 min, ongoing  GET /now: HTTP 502\n')
  t.match(text, '\n    2026-06-01 10:00 UTC  2 h                 no answer\n')
  t.match(text, '\n    and 2 earlier\n')
})

t.test('a sparkline shows the highest value of each step, and a dot for an unknown one', async (t) => {
  const cell = (hour: number, p95: number): Cell => ({
    ...nothing,
    from: new Date(Date.UTC(2026, 5, 15, hour)).toISOString(),
    latencyMs: { min: 0, average: 0, max: 0, p50: 0, p95 },
  })
  const cells = [cell(8, 10), cell(9, 70), cell(10, 0), cell(12, 1)]
  const value = ({ latencyMs }: Cell) => latencyMs?.p95
  t.equal(sparkline(cells, Date.UTC(2026, 5, 15, 13), 3_600_000, 6, value), '▂█▁·▂·')
  t.equal(sparkline(cells, Date.UTC(2026, 5, 15, 13), 7_200_000, 3, value), '█▁▂')
})

t.test('an empty history says so', async (t) => {
  t.equal(renderPast({ ...past, targets: [] }), 'the history holds no check from the last 365 days\n')
})

import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { drawCurve, placeSlots } from './curve.ts'
import { lookBack } from './look-back.ts'
import type { Cell, Past } from './past.ts'
import { record } from './record.ts'
import { createTables } from './schema.ts'
import { renderStatusPage } from './status-page.ts'
import { incidentLength, roughly } from './words.ts'
import { fixtureReport } from './year-fixture.ts'

const now = Date.UTC(2026, 5, 15, 14, 7)

function pastOf(reason: string): Past {
  const database = new DatabaseSync(':memory:')
  createTables(database)
  const [target] = fixtureReport([{ verdict: 'critical', latencyMs: 4, offsetMs: 1 }]).targets
  const targets = target === undefined ? [] : [{ ...target, reasons: [reason], version: { found: reason } }]
  record(database, { ok: false, verdict: 'critical', summary: reason, targets }, now)
  return lookBack(database, now)
}

t.test('escapes text from outside', async (t) => {
  const page = renderStatusPage(pastOf('</script><script>alert(1)</script><!-- "\'&'))
  t.equal(page.split('<script').length - 1, 1, 'the script of the page')
  t.notMatch(page, '<!--')
  t.match(page, '&lt;script&gt;alert(1)')
})

t.test("the policy allows only the page's own style and script, and nothing is loaded", async (t) => {
  const page = renderStatusPage(pastOf('HTTP 502'))
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? ''
  const hash = (tag: string) => {
    const text = page.split(`<${tag}>`)[1]?.split(`</${tag}>`)[0] ?? ''
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  }
  t.strictSame(policy.split('; '), [
    ...["default-src 'none'", `style-src ${hash('style')}`, `script-src ${hash('script')}`],
    ...['img-src data:', "base-uri 'none'", "form-action 'none'"],
  ])
  t.notMatch(page, /src=|@import|url\(/)
})

t.test('on the first day shows one row, and availability since today', async (t) => {
  const page = renderStatusPage(pastOf('HTTP 502'))
  t.strictSame(
    [...page.matchAll(/data-window="(\w+)"/g)].map(([, name]) => name),
    ['24h'],
  )
  t.match(page, 'available since today')
})

t.test('shows durations as a person would write them', async (t) => {
  const cases: [ms: number, text: string][] = [
    [12.4, '12.4 ms'],
    [999, '999 ms'],
    [1421, '1.4 s'],
    [3170, '3.2 s'],
    [61_000, '61 s'],
    [3_600_000, '60 min'],
  ]
  for (const [ms, text] of cases) t.equal(roughly(ms), text)
  t.equal(incidentLength({ began: '', reason: '', lengthMs: 3170 }), 'for 3.2 s, ongoing')
})

t.test('renders an empty history', async (t) => {
  t.match(renderStatusPage({ at: new Date(now).toISOString(), targets: [] }), '<h1>Nothing was checked</h1>')
})

t.test('a curve has a gap where data is missing, and its bounds as a band', async (t) => {
  const hour = 3_600_000
  const cells = [0, 1, 3].map((at): Cell => {
    const from = new Date(now - (now % hour) - at * hour).toISOString()
    return { from, checks: { ok: 1, warning: 0, critical: 0, unknown: 0 } }
  })
  const slots = placeSlots(cells, now, hour, 4).sort((a, b) => a.index - b.index)
  t.strictSame(
    slots.map(({ x, width }) => [x, width]),
    [
      [0, 25],
      [50, 25],
      [75, 25],
    ],
  )
  t.match(
    drawCurve(slots, () => ({ low: -10, value: 0, high: 10 })),
    {
      line: 'M0 50H25M50 50H75V50H100',
      top: 10,
      bottom: -10,
      zeroY: 50,
      band: 'M0 0H25V100H0ZM50 0H75V0H100V100H75V100H50Z',
    },
  )
  t.equal(
    drawCurve(slots, () => undefined),
    undefined,
  )
})

import { createHash } from 'node:crypto'
import t from 'tap'
import type { RollEvent } from '../lib/roll/events.ts'
import { renderPage } from './page.ts'
import { rollFixture } from './roll-fixture.ts'

const events = rollFixture({ size: 3, surge: 1 })
const hostile = '</script><script>alert(1)</script><!-- "\'&'

t.test('escapes text from outside', async (t) => {
  const page = renderPage([
    ...events.slice(0, -1),
    { at: events.at(-1)?.at ?? '', event: 'warning', message: hostile },
    { at: events.at(-1)?.at ?? '', event: 'step', step: 'drain', instanceId: hostile, because: hostile },
  ])
  t.notMatch(page, 'alert(1)</script>')
  t.equal(page.split('<script').length - 1, 2, 'the data and the script')
  t.notMatch(page, '<!--')
})

t.test('the page contains no control characters or bidirectional overrides from a machine', async (t) => {
  const words = 'a\u202eb\u2066c\u009b31m\u001b[2J\u2028d'
  const at = events.at(-1)?.at ?? ''
  const page = renderPage([
    ...events.slice(0, -1),
    { at, event: 'warning', message: words },
    { at, event: 'step', step: 'drain', instanceId: words, because: words },
  ])
  t.notMatch(page, /(?![\n\t])[\p{Cc}\p{Zl}\p{Bidi_Control}]/u)
  t.match(page, String.raw`a\u202eb`)
})

t.test('embeds the events unchanged', async (t) => {
  const some = [...events, { at: events.at(-1)?.at ?? '', event: 'warning' as const, message: hostile }]
  const json = /<script type="application\/json" id="events">(.*?)<\/script>/s.exec(renderPage(some))?.[1] ?? ''
  t.strictSame(JSON.parse(json), some)
})

t.test("the policy allows only the page's own style and script, and no address is named", async (t) => {
  const page = renderPage(events)
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? ''
  const hash = (tag: string) => {
    const text = page.split(`<${tag}>`)[1]?.split(`</${tag}>`)[0] ?? ''
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  }
  t.strictSame(policy.split('; '), [
    ...["default-src 'none'", `style-src ${hash('style')}`, `script-src ${hash('script')}`],
    ...['img-src data:', "base-uri 'none'", "form-action 'none'"],
  ])
  t.notMatch(page, /https?:|src=|@import|url\((?!#)/)
})

t.test('shows a step that is refused repeatedly as one line', async (t) => {
  const drain = { event: 'step', step: 'drain', instanceId: 'i-1', because: 'on app-1' } as const
  const at = (second: number) => new Date(Date.parse(events[0]?.at ?? '') + second * 1000).toISOString()
  const page = renderPage([...events.slice(0, 6), ...[1, 2, 3].map((second) => ({ at: at(second), ...drain }))])
  t.equal(page.split('<td>on app-1').length - 1, 1)
  t.match(page, '3 times until 0:03')
})

t.test('shows a track for measured requests, and a bare total as a number', async (t) => {
  const course = rollFixture({ size: 2, surge: 1, load: { perSecond: 50 } })
  const sum = course.reduce((all, event) => all + (event.event === 'requests' ? event.sent : 0), 0)
  const began = course[0]?.at ?? ''
  const ended = course.at(-1)?.at ?? ''
  const number: RollEvent[] = [
    ...course.filter(({ event }) => event !== 'requests'),
    { event: 'requests', since: began, at: ended, sent: sum, failed: 0 },
  ]
  const heading = '<h3>Requests</h3>'
  const card = `data-fact="sent" value="${sum}"`
  t.match(renderPage(course), heading)
  t.notMatch(renderPage(number), heading)
  for (const events of [course, number]) t.ok(renderPage(events).includes(card), 'the card has the number')
})

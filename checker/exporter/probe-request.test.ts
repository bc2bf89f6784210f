import t from 'tap'
import { allowedMs, probeTarget } from './probe-request.ts'

t.test('a probe names one url of a service, and nothing else', (t) => {
  const read = (query: string) => probeTarget(new URLSearchParams(query))
  t.same(read('target=https%3A%2F%2Fa.example%2Fapp'), { url: 'https://a.example/app' })
  const cases: Record<string, RegExp> = {
    '': /^target: missing/,
    'target=': /^target: url "": empty/,
    'target=a.example': /^target: url "a.example": no scheme/,
    'target=file:///etc/passwd': /expected http or https, got file/,
    'target=http://u:p@a.example': /a user or password in a url is not supported/,
    'target=http://a&target=http://b': /^target: given twice/,
    'target=http://a&module=http_2xx': /^parameter "module": only target is known/,
  }
  for (const [query, problem] of Object.entries(cases)) t.match(read(query), { problem }, query)
  t.end()
})

t.test('the scraper waits for less than the flags allow: half a second is kept for the way back', (t) => {
  t.equal(allowedMs(10_000, undefined), 10_000)
  t.equal(allowedMs(10_000, '5'), 4500)
  t.equal(allowedMs(10_000, '0.6'), 300, 'half of what is shorter than that')
  t.equal(allowedMs(10_000, '60'), 10_000)
  for (const header of ['', ' ', '0', '-1', 'NaN', '5s', 'x']) t.equal(allowedMs(1, header), undefined, header)
  t.end()
})

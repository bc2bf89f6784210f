import t from 'tap'
import { allowedMs, probeTarget } from './probe-request.ts'

t.test('a probe takes one target URL and no setting that is unsafe in a request', async (t) => {
  const read = (query: string) => probeTarget(new URLSearchParams(query))
  t.same(await read('target=https%3A%2F%2Fa.example%2Fapp'), { url: 'https://a.example/app' })
  const cases: Record<string, RegExp> = {
    '': /^target: missing/,
    'target=': /^target: url "": empty/,
    'target=a.example': /^target: url "a.example": no scheme/,
    'target=file:///etc/passwd': /expected http or https, got file/,
    'target=http://u:p@a.example': /a user or password in a url is not supported/,
    'target=http://a&target=http://b': /^target: given twice/,
    'target=http://a&module=http_2xx': /^module "http_2xx": not in the file of --targets, there are none$/,
    'target=http://a&hostname=b': /^parameter "hostname": expected target, time-path, .*, module$/,
    'target=http://a&header=X:1': /^parameter "header": /,
    'target=http://a&ca=/etc/passwd': /^parameter "ca": /,
    'target=http://a&cert=/etc/passwd': /^parameter "cert": /,
    'target=http://a&authorization=@/etc/passwd': /^parameter "authorization": /,
    'target=http://a&body-match=(a*)*b': /^parameter "body-match": /,
    'target=http://a&timeout=1h': /^parameter "timeout": /,
    'target=http://a&notify=command:id': /^parameter "notify": /,
    'target=http://a&samples=1000': /^samples: expected a whole number from 1 to 100, got "1000"$/,
    'target=http://a&samples=1&samples=2': /^samples: given twice/,
  }
  for (const [query, problem] of Object.entries(cases)) t.match(await read(query), { problem }, query)
})

t.test('reads settings of one probe and of a module, which may hold what a request may not', async (t) => {
  const modules = new Map([['http_2xx', { authorization: 'ops:geheim', samples: 2, expectStatus: 204 }]])
  const read = (query: string) => probeTarget(new URLSearchParams(query), modules)
  t.same(await read('target=http://a&module=http_2xx&samples=3&max-offset=250ms&time-path=/t&ipv4=true'), {
    url: 'http://a',
    options: {
      authorization: 'ops:geheim',
      samples: 3,
      expectStatus: 204,
      maxOffsetMs: 250,
      timePath: '/t',
      ipv4: true,
    },
  })
  t.match(await read('target=http://a&module=x'), { problem: /^module "x": .*, expected http_2xx$/ })
})

t.test("keeps half a second of the scraper's timeout for the reply", (t) => {
  t.equal(allowedMs(10_000, undefined), 10_000)
  t.equal(allowedMs(10_000, '5'), 4500)
  t.equal(allowedMs(10_000, '0.6'), 300, 'half of anything shorter')
  t.equal(allowedMs(10_000, '60'), 10_000)
  for (const header of ['', ' ', '0', '-1', 'NaN', '5s', 'x']) t.equal(allowedMs(1, header), undefined, header)
  t.end()
})

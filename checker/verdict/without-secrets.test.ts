import t from 'tap'
import { optionOf } from '../fixtures/options.ts'
import { startService } from '../fixtures/service.ts'
import { defaultOptions } from '../options/options.ts'
import { requestHeaders } from '../probe/request-headers.ts'
import { runCheck } from '../run.ts'
import { secretParts } from './secret-parts.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const hidden = (header: string, said: string) => runEcho([header], said)

/** The report on a service that answers with this text, in every place where it can. */
async function runEcho(header: string[], said: string): Promise<string> {
  const url = await startService(t, (request, response) => {
    if (request.url === '/version.txt') response.end(said)
    else if (request.url === '/moved') response.end('1700000000')
    else if (request.url?.startsWith('/said')) response.end(said)
    else response.writeHead(302, { location: `/said?${encodeURIComponent(said)}` }).end()
  })
  const asked = { samples: 1, followRedirects: 2, ntp: 'none', format: 'json' } as const
  const options = { ...defaultOptions(), header: await optionOf('header', header.join('\n')), ...asked }
  const { stdout } = await runCheck({ targets: [{ url }], options }, { startedMs: performance.now(), warn: t.fail })
  return stdout
}

t.test('hides any part of a header that a service repeats', async (t) => {
  const jwt = `${base64('{"alg":"HS256"}')}.${base64('{"sub":"ops-of-a"}')}.c2lnbmF0dXJlLWg`
  const cases: [header: string, said: string, secret: string][] = [
    [`Authorization: Basic ${base64('ops:geheim/1')}`, 'user-ops:geheim/1', 'geheim'],
    [`Authorization: Basic ${base64('ops:geheim/1')}`, 'geheim/1', 'geheim'],
    [`X-Upstream-Auth: Basic ${base64('ops:geheim/1')}`, 'ops:geheim/1', 'geheim'],
    ['Authorization: Bearer geheim-token', 'geheim-token', 'geheim'],
    ['X-Auth: Token geheim-token', 'geheim-token', 'geheim'],
    ['Cookie: a=b; token=geheim; theme=dark', 'geheim', 'geheim'],
    ['Cookie: a=b; token="geheim"', 'token:geheim', 'geheim'],
    ['Cookie: a=b; token=geh%2Feim', 'geh/eim', 'geh/eim'],
    ['Cookie: token=geh/eim', 'geh/eim', 'eim'],
    ['Authorization: Digest username="ops", response="geheim99"', 'geheim99', 'geheim'],
    ['X-Sign: keyId=ops,signature=geheim+/=', 'geheim+/=', 'geheim'],
    [`Authorization: Bearer ${jwt}`, 'c2lnbmF0dXJlLWg', 'c2lnbmF0'],
    ['X-Key: geheimnis-das-lang-ist', 'geheimnis-da', 'geheim'],
  ]
  for (const [header, said, secret] of cases) {
    const told = await hidden(header, said)
    t.notMatch(told, secret, `${header}: ${said}`)
    t.match(told, '[secret]', `${header}: ${said}`)
  }
  const long = `X-Key: ${'geheim-'.repeat(100)}`
  t.notMatch(await hidden(long, `cut ${'geheim-'.repeat(100)}`), 'geheim', 'where the response is cut')
})

t.test('leaves everything else readable', async (t) => {
  const told = await hidden('Cookie: id=1000; a=b', 'clock 1000 of b')
  t.match(told, 'clock 1000 of b')
  t.match(await hidden('User-Agent: monitor/1.0', 'for monitor/1.0'), 'monitor/1.0')
  t.match(await hidden('Authorization: Bearer geheim-token', 'expected Bearer'), 'expected Bearer')
  t.same(secretParts(requestHeaders(await optionOf('header', 'Host: a.example'), undefined) ?? new Map()), [])
})

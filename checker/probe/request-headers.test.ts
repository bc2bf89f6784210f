import t from 'tap'
import { optionOf, problemOf } from '../fixtures/options.ts'
import { parseAuthorization, parseHeader, requestHeaders, requestText } from './request-headers.ts'

t.test('reports an invalid header without its value', (t) => {
  const cases: [string, string | undefined][] = [
    ['X-Key: s3cret', undefined],
    ['X-Key:s3cret', undefined],
    ['X-Empty:', undefined],
    ['X-Key: ümläut\tand tab', undefined],
    ['s3cret', 'no colon, expected NAME: VALUE'],
    ['X Key: s3cret', 'no header name before the colon'],
    ['X-Key : s3cret', 'no header name before the colon'],
    [': s3cret', 'no header name before the colon'],
    ['Kéy: s3cret', 'no header name before the colon'],
    [' s3cret', 'continuation lines are not supported'],
    ['X-Key: a\rEvil: s3cret', 'the value of X-Key contains a control character'],
    ['X-Key: a\nEvil: s3cret', 'the value of X-Key contains a control character'],
    ['X-Key: a\0', 'the value of X-Key contains a control character'],
    ['Host:', 'Host has no value'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding is set by the checker itself'],
    ['CONTENT-LENGTH: 5', 'CONTENT-LENGTH is set by the checker itself'],
  ]
  for (const [text, problem] of cases) t.equal(problemOf(parseHeader(text)), problem, JSON.stringify(text))
  t.end()
})

t.test('authorization takes a pair, a token or a scheme', (t) => {
  const cases: [string, string][] = [
    ['ops:geheim', 'Basic b3BzOmdlaGVpbQ=='],
    ['basic ops:geheim', 'Basic b3BzOmdlaGVpbQ=='],
    ['Basic b3BzOmdlaGVpbQ==', 'Basic b3BzOmdlaGVpbQ=='],
    ['ops:two words', 'Basic b3BzOnR3byB3b3Jkcw=='],
    ['öps:ä', 'Basic w7ZwczrDpA=='],
    ['eyJh.b-c_d', 'Bearer eyJh.b-c_d'],
    ['Bearer eyJh', 'Bearer eyJh'],
    ['token abc', 'token abc'],
    ['AWS4-HMAC-SHA256 Credential=a, Signature=b', 'AWS4-HMAC-SHA256 Credential=a, Signature=b'],
  ]
  for (const [text, value] of cases) t.equal(parseAuthorization(text), value, text)
  t.equal(problemOf(parseAuthorization('a:b\u0007')), 'it contains a control character')
  t.equal(problemOf(parseAuthorization('  ')), 'it is empty')
  t.match(problemOf(parseAuthorization('wörter zwei')), /^expected USER:PASSWORD/)
  t.end()
})

t.test('writes the request byte for byte', async (t) => {
  const common = 'accept-encoding: identity\r\ncache-control: no-cache\r\n'
  t.equal(
    requestText('/now', 'a:1', '*/*'),
    `GET /now HTTP/1.1\r\nhost: a:1\r\naccept: */*\r\n${common}user-agent: bakeroll-check\r\n\r\n`,
  )
  const headers = requestHeaders(
    await optionOf('header', 'Host: b\nUser-Agent: mine\nX-U: ä'),
    await optionOf('authorization', 'u:p'),
  )
  t.equal(
    requestText('/now', 'a:1', '*/*', headers),
    `GET /now HTTP/1.1\r\naccept: */*\r\n${common}Host: b\r\nUser-Agent: mine\r\nX-U: \xc3\xa4\r\nAuthorization: Basic dTpw\r\n\r\n`,
  )
})

import t from 'tap'
import { parseHosts, parseNetworks, reachOf } from './reach.ts'

t.test('--probe-hosts matches hosts and ports', (t) => {
  const { hostProblem } = reachOf(parseHosts('time.example, *.internal:8443, [::1]:80, 10.0.0.1'), undefined)
  const cases: [string, string | undefined][] = [
    ['http://time.example', undefined],
    ['https://TIME.example.:8443/x', undefined],
    ['https://a.b.internal:8443', undefined],
    ['http://[::1]', undefined],
    ['http://10.1', undefined],
    ['http://other.time.example', 'other.time.example:80 is not among --probe-hosts'],
    ['http://time.example.evil', 'time.example.evil:80 is not among --probe-hosts'],
    ['https://a.internal', 'a.internal:443 is not among --probe-hosts'],
    ['https://internal:8443', 'internal:8443 is not among --probe-hosts'],
    ['https://evil-internal:8443', 'evil-internal:8443 is not among --probe-hosts'],
    ['http://[::1]:81', '[::1]:81 is not among --probe-hosts'],
  ]
  for (const [url, problem] of cases) t.equal(hostProblem(new URL(url)), problem, url)
  t.equal(reachOf(parseHosts('*'), undefined).hostProblem(new URL('http://any')), undefined)
  for (const text of ['', 'a b', 'http://a', 'a*', '*a.example', 'a:x', 'a,,b', '10.0.0.0/8'])
    t.equal(parseHosts(text), undefined, JSON.stringify(text))
  t.end()
})

t.test('--probe-networks matches addresses', (t) => {
  const { addressProblem, hostProblem } = reachOf(undefined, parseNetworks('10.0.0.0/8, 192.0.2.7, 2001:db8::/32'))
  for (const address of ['10.255.0.1', '192.0.2.7', '2001:db8::5', '::ffff:10.0.0.1', '::ffff:a00:1'])
    t.equal(addressProblem(address), undefined, address)
  for (const address of ['127.0.0.1', '169.254.169.254', '192.0.2.8', '::1', '::ffff:127.0.0.1', '0.0.0.0'])
    t.equal(addressProblem(address), `${address} is not in --probe-networks`)
  t.equal(hostProblem(new URL('http://any')), undefined)
  for (const text of ['', '10.0.0.0/33', '10.0.0/8', 'a', '::/129', '10.0.0.0/-1', '10.0.0.0/8,'])
    t.equal(parseNetworks(text), undefined, JSON.stringify(text))
  t.end()
})

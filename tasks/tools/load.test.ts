// needs: hey
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { heyArguments, resultFrom, startLoad, sum } from './load.ts'
import { onPath } from './path-fixture.ts'

t.test('splits the rate among workers of at most five requests a second', (t) => {
  t.same(heyArguments('http://x/now', 40, 'kept'), ['-z', '10m', '-c', '8', '-q', '5', '-t', '60', 'http://x/now'])
  t.same(heyArguments('http://x/now', 2, 'new').slice(2), [
    '-c',
    '1',
    '-q',
    '2',
    '-t',
    '60',
    '-disable-keepalive',
    'http://x/now',
  ])
  t.end()
})

t.test('reads a report down to the last failure', (t) => {
  const report = `
Status code distribution:
  [200]	4180 responses
  [503]	2 responses

Error distribution:
  [3]	Get "http://127.0.0.1:8080/now": EOF
`
  t.same(resultFrom(report), {
    sent: 4185,
    failed: 5,
    failures: { 503: 2, 'Get "http://127.0.0.1:8080/now": EOF': 3 },
  })
  t.throws(() => resultFrom('Usage: hey [options...] <url>'), /hey gave no report/)
  t.end()
})

t.test('adds up results', (t) => {
  const one = { sent: 10, failed: 1, failures: { 503: 1 } }
  t.same(sum([one, one]), { sent: 20, failed: 2, failures: { 503: 2 } })
  t.end()
})

t.test('counts every request of a real load, failures included, on kept and new connections', async (t) => {
  let served = 0
  let connections = 0
  const server = createServer((_, response) => {
    served++
    if (served % 10 === 0) response.statusCode = 503
    response.end('now')
  }).on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await sleep(50)
  const { port } = server.address() as AddressInfo
  const load = startLoad({ url: `http://127.0.0.1:${port}/now`, keptPerSecond: 50, newPerSecond: 50 })
  while (served < 100) await sleep(20)
  const result = await load.stop()
  t.equal(result.sent, served)
  t.equal(result.failed, Math.floor(served / 10))
  t.ok(connections > served / 3, 'half of the requests used new connections')
  t.ok(connections < served, 'the others did not')
})

t.test('a load continues until stopped, however short one run of hey is', async (t) => {
  const folder = t.testdir()
  const report = 'Status code distribution:\\n  [200]\\t10 responses\\n'
  onPath(t, {
    hey: `echo run >> '${join(folder, 'runs')}'; trap 'printf "${report}"; exit' INT; sleep 0.2 & wait; printf '${report}'`,
  })
  const load = startLoad({ url: 'http://127.0.0.1:1/', keptPerSecond: 5, newPerSecond: 5 })
  const runs = () =>
    existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8').split('\n').length - 1 : 0
  while (runs() < 6) await sleep(50)
  const { sent, failed } = await load.stop()
  t.ok(sent >= 10 * (runs() - 2), `${sent} in ${runs()} runs`)
  t.equal(failed, 0)
})

import t from 'tap'
import { namesWithin, resolveAddresses, usableAddresses, withoutUnreachable } from './addresses.ts'
import { startDeadline } from './deadline.ts'
import type { ProbeFacts } from './facts.ts'
import { describeFailure } from './failure.ts'

const deadline = startDeadline(performance.now() + 60_000)
t.teardown(() => deadline.cancel())
const names = namesWithin(deadline)
const v4 = { address: '192.0.2.9', internal: false }
const v6 = { address: '2001:db8::9', internal: false }
const linkLocal = { address: 'fe80::1', internal: false }
const loopback = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
]

t.test('an IP literal is its own address, and the addresses of localhost form one target', async (t) => {
  t.same(await resolveAddresses('127.0.0.1', names), [['127.0.0.1']])
  t.same(await resolveAddresses('[::1]', names), [['::1']])
  t.same(await resolveAddresses('localhost', names), [['127.0.0.1', '::1']])
  t.same(await resolveAddresses('a.localhost', names, 6), [['::1']])
})

t.test('the deadline ends a look-up', async (t) => {
  const ended = startDeadline(performance.now())
  await new Promise<void>((resolve) => ended.whenOver(resolve))
  await t.rejects(resolveAddresses('a.example', namesWithin(ended)), {
    message: 'the host name could not be looked up in time',
  })
})

t.test('leaves out a family in which this machine has no address', (t) => {
  const both = ['2001:db8::1', '192.0.2.1', '192.0.2.2']
  t.same(usableAddresses(both, [...loopback, v4, linkLocal]), ['192.0.2.1', '192.0.2.2'])
  t.same(usableAddresses(both, [...loopback, v6]), ['2001:db8::1'])
  t.same(usableAddresses(both, [v4, v6]), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  t.same(usableAddresses(both, loopback), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  t.same(usableAddresses(['::1', '127.0.0.1'], loopback), ['127.0.0.1', '::1'])
  t.end()
})

t.test('leaves out an unroutable family and names its addresses', (t) => {
  const facts = (address: string, code?: string): ProbeFacts => ({
    url: 'http://a.example',
    address,
    samples: [],
    ownClockStepMs: 0,
    ...(code === undefined ? {} : { timeFailure: describeFailure(Object.assign(new Error(code), { code, address })) }),
  })
  const told = (...all: ProbeFacts[]) =>
    withoutUnreachable(all).map(({ address, leftOut = [] }) => [address, ...leftOut].join(' - '))
  const [v4, v6] = ['192.0.2.1', '2001:db8::5']
  for (const code of ['ENETUNREACH', 'EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
    t.same(told(facts(v4), facts(v6, code)), [`${v4} - ${v6}`], code)
    t.same(told(facts(v4, 'ECONNREFUSED'), facts(v6, code)), [`${v4} - ${v6}`], code)
    t.same(
      told(facts(v4), facts('2001:db8::6'), facts(v6, code)),
      [v4, '2001:db8::6', v6],
      'another address has a route',
    )
    t.same(told(facts(v4, 'ENETUNREACH'), facts(v6, code)), [v4, v6], 'no address would remain')
    t.same(told(facts(v6, code)), [v6])
  }
  t.same(told(facts(v4, 'ENETUNREACH'), facts(v6)), [`${v6} - ${v4}`])
  t.same(told(facts(v4, 'EADDRNOTAVAIL'), facts(v6)), [v4, v6], 'out of ports')
  t.same(told(facts(v4), facts(v6, 'EHOSTUNREACH')), [v4, v6])
  t.end()
})

import t from 'tap'
import { resolveAddresses, usableAddresses } from './addresses.ts'
import { startDeadline } from './deadline.ts'

const deadline = startDeadline(performance.now() + 60_000)
t.teardown(() => deadline.cancel())
const v4 = { address: '192.0.2.9', internal: false }
const v6 = { address: '2001:db8::9', internal: false }
const linkLocal = { address: 'fe80::1', internal: false }
const loopback = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
]

t.test('an IP literal is its own address, localhost stays a name', async (t) => {
  t.same(await resolveAddresses('127.0.0.1', deadline), ['127.0.0.1'])
  t.same(await resolveAddresses('[::1]', deadline), ['::1'])
  t.same(await resolveAddresses('localhost', deadline), ['localhost'])
})

t.test('the deadline ends a look-up', async (t) => {
  const ended = startDeadline(performance.now())
  await new Promise<void>((resolve) => ended.whenOver(resolve))
  await t.rejects(resolveAddresses('a.example', ended), { message: 'the host name could not be looked up in time' })
})

t.test('a family that this machine has no address in is left out', (t) => {
  const both = ['2001:db8::1', '192.0.2.1', '192.0.2.2']
  t.same(usableAddresses(both, [...loopback, v4, linkLocal]), ['192.0.2.1', '192.0.2.2'])
  t.same(usableAddresses(both, [...loopback, v6]), ['2001:db8::1'])
  t.same(usableAddresses(both, [v4, v6]), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  t.same(usableAddresses(both, loopback), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  t.same(usableAddresses(['::1', '127.0.0.1'], loopback), ['127.0.0.1', '::1'])
  t.end()
})

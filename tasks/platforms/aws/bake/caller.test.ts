import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { slowed } from '../../../dev/test-pace.ts'
import { anyFreePort } from '../../../tools/ports.ts'
import { callerCidr } from './caller.ts'

const nothing = { callerCidr: undefined, builderInterface: 'public_ip' } as const
const nobody = 'http://127.0.0.1:1/'

async function service(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

t.test('who is not asked for', async (t) => {
  t.equal(await callerCidr({ ...nothing, callerCidr: '10.0.0.0/16' }, nobody), '10.0.0.0/16')
  t.equal(await callerCidr({ ...nothing, builderInterface: 'session_manager' }, nobody), '127.0.0.1/32')
  await t.rejects(callerCidr({ ...nothing, builderInterface: 'private_ip' }, nobody), {
    kind: 'usage',
    message: 'aws.callerCidr: needed when the builder is reached at its private address',
  })
})

t.test('the public address of this computer', async (t) => {
  const url = await service(t, (_, response) => response.end('203.0.113.7\n'))
  t.equal(await callerCidr(nothing, url), '203.0.113.7/32')
})

t.test('answers that are no address', async (t) => {
  const hint = 'BAKEROLL_AWS_CALLER_CIDR=203.0.113.7/32 sets who may reach the builder'
  const cases: [what: string, answer: RequestListener, why: string][] = [
    ['a page', (_, response) => response.end('<html>'), 'it answered "<html>"'],
    ['too large a number', (_, response) => response.end('203.0.113.256'), 'it answered "203.0.113.256"'],
    ['IPv6', (_, response) => response.end('2001:db8::1'), 'it answered "2001:db8::1"'],
    ['nothing', (_, response) => response.end(), 'it answered ""'],
    ['an error', (_, response) => response.writeHead(503).end('203.0.113.7'), 'HTTP 503'],
    ['cut off', (_, response) => response.destroy(), 'other side closed'],
  ]
  for (const [what, answer, why] of cases) {
    const url = await service(t, answer)
    await t.rejects(
      callerCidr(nothing, url),
      { kind: 'refused', message: `${url} did not return the public address of this computer: ${why}`, hint },
      what,
    )
  }
  const closed = `http://127.0.0.1:${await anyFreePort()}/`
  await t.rejects(callerCidr(nothing, closed), { kind: 'refused', message: /ECONNREFUSED/ })
})

t.test('no answer at all', async (t) => {
  const url = await service(t, () => {})
  const startedAt = Date.now()
  await t.rejects(callerCidr(nothing, url), { kind: 'refused', message: /no answer within 5 s$/ })
  t.ok(Date.now() - startedAt < 5000 + slowed(3000))
})

import { Agent } from 'node:http'
import { Hono } from 'hono'
import t, { type Test } from 'tap'
import { nginxDefaults } from '../nginx/nginx.ts'
import { ask } from './http-fixture.ts'
import { keepAliveSeconds, openListener } from './listener.ts'

/** An app whose GET /slow reports that it has begun and responds on demand. */
async function openSlowListener(t: Test) {
  const begun = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<string>()
  const app = new Hono()
  app.get('/slow', async (c) => {
    begun.resolve()
    return c.text(await answer.promise)
  })
  app.get('/quick', (c) => c.text('quick'))
  const listener = await openListener(app, { host: '127.0.0.1', port: 0 })
  t.teardown(() => listener.close(0))
  return { listener, begun: begun.promise, answer: answer.resolve }
}

t.test('a request in progress finishes while new connections are refused', async (t) => {
  const { listener, begun, answer } = await openSlowListener(t)
  const slow = ask(`${listener.url}/slow`, { agent: new Agent({ keepAlive: true }) })
  await begun
  const closed = listener.close(60)
  await t.rejects(ask(`${listener.url}/quick`), { code: 'ECONNREFUSED' })
  answer('worth waiting for')
  const { status, headers, body } = await slow
  t.equal(status, 200)
  t.equal(body, 'worth waiting for')
  t.equal(headers.connection, 'close')
  t.equal(await closed, 'finished')
})

t.test('cuts off an unfinished request at the limit', async (t) => {
  const { listener, begun } = await openSlowListener(t)
  const slow = ask(`${listener.url}/slow`)
  const failed = t.rejects(slow, { code: 'ECONNRESET' })
  await begun
  t.equal(await listener.close(0), 'cut')
  await failed
})

t.test('draining closes a kept connection with its next response', async (t) => {
  const { listener } = await openSlowListener(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.equal((await ask(`${listener.url}/quick`, { agent })).headers.connection, 'keep-alive')
  listener.drain()
  const { status, headers } = await ask(`${listener.url}/quick`, { agent })
  t.equal(status, 200)
  t.equal(headers.connection, 'close')
})

t.test('draining also closes a connection whose response had already begun', async (t) => {
  const begun = Promise.withResolvers<WritableStreamDefaultWriter<Uint8Array>>()
  const app = new Hono()
  app.get('/stream', (c) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    begun.resolve(writable.getWriter())
    return c.body(readable)
  })
  const listener = await openListener(app, { host: '127.0.0.1', port: 0 })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const streamed = ask(`${listener.url}/stream`, { agent })
  const writer = await begun.promise
  await writer.write(new TextEncoder().encode('first '))
  const closed = listener.close(60)
  await writer.write(new TextEncoder().encode('last'))
  await writer.close()
  t.equal((await streamed).body, 'first last')
  t.equal(await closed, 'finished')
})

t.test('reports a port in use with the system error', async (t) => {
  const { listener } = await openSlowListener(t)
  const port = Number(new URL(listener.url).port)
  await t.rejects(openListener(new Hono(), { host: '127.0.0.1', port }), { code: 'EADDRINUSE' })
})

t.test('nginx closes idle connections before the service does', (t) => {
  t.ok(nginxDefaults.upstreamKeepaliveSeconds < keepAliveSeconds)
  t.end()
})

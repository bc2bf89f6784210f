import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ask } from './http-fixture.ts'
import { runServer, startServer } from './server-fixture.ts'

/** Longer than any test: only a second signal ends such a drain. */
const env = { RELEASE: '1.4.0', DRAIN_SECONDS: '3600' }

t.test('SIGTERM: becomes unhealthy, then stops accepting, then exits after the last response', async (t) => {
  const server = await startServer(t, { env })
  t.equal((await ask(`${server.url}/healthz`)).status, 200)

  const { hostname, port } = new URL(server.url)
  const slow = connect(Number(port), hostname)
  await once(slow, 'connect')
  slow.write('GET /now HTTP/1.1\r\nHost: slow\r\n')
  // Answered after the lines above have been read, because they came first.
  await ask(`${server.url}/now`)

  server.kill('SIGTERM')
  t.match(await server.nextLine(), /^draining for 3600 s/)
  t.equal((await ask(`${server.url}/healthz`)).status, 503)
  const whileDraining = await ask(`${server.url}/now`)
  t.equal(whileDraining.status, 200)
  t.equal(whileDraining.headers.connection, 'close')

  server.kill('SIGTERM')
  t.match(await server.nextLine(), /^closing/)
  await t.rejects(ask(`${server.url}/now`), { code: 'ECONNREFUSED' })

  slow.write('\r\n')
  const answer = await text(slow)
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  t.match(answer, /\r\nconnection: close\r\n/i)
  t.equal(await server.nextLine(), 'closed')
  t.equal(await server.exitCode, 0)
})

t.test('SIGINT without a drain ends an idle server at once', async (t) => {
  const server = await startServer(t, { env: { ...env, DRAIN_SECONDS: '0' } })
  server.kill('SIGINT')
  t.equal(await server.exitCode, 0)
})

t.test('cuts off unfinished requests and says so with the exit code', async (t) => {
  const server = await startServer(t, { env: { ...env, DRAIN_SECONDS: '0', SHUTDOWN_SECONDS: '0' } })
  const { hostname, port } = new URL(server.url)
  const stuck = connect(Number(port), hostname)
  stuck.on('error', () => {})
  await once(stuck, 'connect')
  stuck.write('GET /now HTTP/1.1\r\n')
  await ask(`${server.url}/now`)
  server.kill('SIGTERM')
  t.equal(await server.exitCode, 1)
})

t.test('reports its release', async (t) => {
  const { url } = await startServer(t, { env })
  const { body } = await ask(`${url}/now`, { headers: { accept: 'application/json' } })
  t.match(JSON.parse(body), { release: '1.4.0' })
})

t.test('bad settings: names every one, exit code 2', async (t) => {
  t.same(await runServer({ PORT: 'http', HOST: 'here' }), {
    code: 2,
    stderr:
      'error: PORT: expected a whole number from 0 to 65535, got "http"\nerror: HOST: expected an IP address, got "here"\n',
  })
})

t.test('a port in use: one line, exit code 1', async (t) => {
  const { url } = await startServer(t, { env })
  const { port } = new URL(url)
  const { code, stderr } = await runServer({ PORT: port })
  t.equal(code, 1)
  t.match(stderr, new RegExp(`^error: cannot listen on 127.0.0.1 port ${port}: .*EADDRINUSE.*\\n$`))
})

// needs: nginx
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { nginxFile } from '../nginx/nginx.ts'
import { nginxIn, nginxMissing, startNginx as startAny } from '../nginx/nginx-fixture.ts'
import { example } from './example.ts'
import { ask, freePort } from './http-fixture.ts'
import { openListener } from './listener.ts'
import { startServer } from './server-fixture.ts'
import { createService } from './service.ts'

const { port: upstreamPort, bodyLimit, answerTimeoutSeconds, nginx } = example
const nginxSettings = { upstreamPort, bodyLimit, answerTimeoutSeconds, ...nginxFile(nginx, 'app/nginx-lines.conf') }

const run = promisify(execFile)
const skip = nginxMissing

const startNginx = (t: Test, upstreamPort: number) => startAny(t, { ...nginxSettings, upstreamPort })

const everyAnswer = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  server: 'nginx',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-request-id': /^[0-9a-f]{32}$/,
}

async function portOf(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('nginx accepts its files without a warning', { skip }, async (t) => {
  const { program, args } = await nginxIn(t.testdir(), nginxSettings)
  const { stderr } = await run(program, [...args, '-t'])
  t.match(stderr, /test is successful/)
  if (process.getuid?.() === 0) t.notMatch(stderr, /\[(warn|alert|emerg)\]/)
})

t.test('works in front of the real server', { skip }, async (t) => {
  const server = await startServer(t, { env: { RELEASE: '1.4.0', DRAIN_SECONDS: '0' } })
  const nginx = await startNginx(t, Number(new URL(server.url).port))

  const now = await ask(`${nginx.url}/now?q=1`, { headers: { 'user-agent': 'a "quoted" agent\t' } })
  t.equal(now.status, 200)
  t.match(now.body, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.match(now.headers, { ...everyAnswer, vary: 'Accept' })
  const json = await ask(`${nginx.url}/now`, { headers: { accept: 'application/json' } })
  t.match(JSON.parse(json.body), { release: '1.4.0' })
  t.match(await ask(`${nginx.url}/healthz`), { status: 200, body: 'ok', headers: everyAnswer })
  t.match(await ask(`${nginx.url}/now`, { method: 'HEAD' }), { status: 200, body: '', headers: everyAnswer })
  t.match(await ask(`${nginx.url}/nowhere`), { status: 404, body: 'not found\n', headers: everyAnswer })
  for (const method of ['POST', 'DELETE', 'OPTIONS']) {
    const refused = await ask(`${nginx.url}/now`, { method })
    t.match(refused, { status: 405, body: 'method not allowed\n', headers: { ...everyAnswer, allow: 'GET, HEAD' } })
  }
  t.notOk('allow' in now.headers)

  const [first = ''] = await nginx.accessLog()
  t.match(JSON.parse(first), {
    time: /^\d{4}-\d\d-\d\dT/,
    unixSeconds: Number,
    requestId: now.headers['x-request-id'],
    remoteAddr: '127.0.0.1',
    forwardedFor: '',
    method: 'GET',
    uri: '/now?q=1',
    status: 200,
    bytes: Number,
    request_time: Number,
    upstream_response_time: /^\d+\.\d{3}$/,
    userAgent: 'a "quoted" agent',
  })
})

t.test('odd clients get the same headers and a valid log line', { skip }, async (t) => {
  const server = await startServer(t, { env: { RELEASE: '1.4.0', DRAIN_SECONDS: '0' } })
  const nginx = await startNginx(t, Number(new URL(server.url).port))
  const cases: [request: string, status: number][] = [
    ['GET /now HTTP/1.0\r\n\r\n', 200],
    ['GARBAGE\r\n\r\n', 400],
    ['GET /now HTTP/1.1\r\n\r\n', 400],
    [`GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ]
  for (const [request, status] of cases) {
    const socket = connect(Number(new URL(nginx.url).port), '127.0.0.1')
    socket.write(request)
    const answer = await text(socket)
    t.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer)
    t.match(answer, /\r\nX-Content-Type-Options: nosniff\r\n/)
  }
  const lines = (await nginx.accessLog()).map((line) => JSON.parse(line))
  t.same(
    lines.map(({ status }) => status),
    cases.map(([, status]) => status),
  )
})

t.test('still reports the version while the upstream is down', { skip }, async (t) => {
  const nginx = await startNginx(t, await freePort())
  const version = await ask(`${nginx.url}/version.txt`)
  t.match(version, { status: 200, body: '1.4.0\n', headers: { ...everyAnswer, 'content-type': 'text/plain' } })
  t.notOk('etag' in version.headers)
  const conditional = { 'if-modified-since': version.headers['last-modified'] }
  t.equal((await ask(`${nginx.url}/version.txt`, { headers: conditional })).status, 200)
  for (const path of ['/now', '/healthz']) {
    t.match(await ask(`${nginx.url}${path}`), { status: 502, headers: everyAnswer }, path)
  }
})

t.test('uses an upstream again at once after failures', { skip }, async (t) => {
  const port = await freePort()
  const nginx = await startNginx(t, port)
  for (let i = 0; i < 5; i++) t.equal((await ask(`${nginx.url}/now`)).status, 502)
  const listener = await openListener(createService({ release: '1.4.0' }).app, { host: '127.0.0.1', port })
  t.teardown(() => listener.close(0))
  t.equal((await ask(`${nginx.url}/now`)).status, 200)
})

t.test('passes on that the service is draining', { skip }, async (t) => {
  const service = createService({ release: '1.4.0' })
  const listener = await openListener(service.app, { host: '127.0.0.1', port: 0 })
  t.teardown(() => listener.close(0))
  const nginx = await startNginx(t, Number(new URL(listener.url).port))
  service.drain()
  t.match(await ask(`${nginx.url}/healthz`), { status: 503, body: 'draining', headers: everyAnswer })
})

t.test('reuses the connection to the upstream', { skip }, async (t) => {
  let connections = 0
  const upstream = createHttpServer((_, response) => response.end('ok'))
  upstream.on('connection', () => connections++)
  const nginx = await startNginx(t, await portOf(t, upstream))
  // One client connection, because each nginx worker has its own pool.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let i = 0; i < 10; i++) t.equal((await ask(`${nginx.url}/now`, { agent })).status, 200)
  t.equal(connections, 1)
})

t.test('retries on a new connection when the upstream closes a kept one under a request', { skip }, async (t) => {
  let connections = 0
  const upstream = createServer((socket) => {
    connections++
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      socket.once('data', () => socket.destroy())
    })
  })
  const nginx = await startNginx(t, await portOf(t, upstream))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let i = 0; i < 3; i++) t.equal((await ask(`${nginx.url}/now`, { agent })).status, 200)
  t.equal(connections, 3)
})

// needs: nginx
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { execa } from 'execa'
import t from 'tap'
import { ask, freePort } from '../app/http-fixture.ts'
import { nginxFile, renderNginx } from './nginx.ts'
import { nginxIn, nginxMissing, startNginx } from './nginx-fixture.ts'
import { serve, serveEcho, serveRaw, tell } from './service-fixture.ts'

const skip = nginxMissing
const release = '1.4.0'
const shop = nginxFile(join(import.meta.dirname, 'fixtures/shop.conf'))
const ownText = (content: string) => ({ file: 'nginx.conf', text: content })

t.test('accepts a body up to the limit and not a byte more', { skip }, async (t) => {
  const nginx = await startNginx(t, { ...(await serve(t, tell)), bodyLimit: '1m' })
  const limit = 1024 * 1024
  const lengths: [headers: Record<string, string>, bytes: number, status: number][] = [
    [{}, limit, 200],
    [{}, limit + 1, 413],
    [{ 'transfer-encoding': 'chunked' }, limit, 200],
    [{ 'transfer-encoding': 'chunked' }, limit + 1, 413],
  ]
  for (const [headers, bytes, status] of lengths) {
    const answer = await ask(`${nginx.url}/upload`, { method: 'POST', headers }, Buffer.alloc(bytes, 'x'))
    t.equal(answer.status, status, `${bytes} bytes, ${JSON.stringify(headers)}`)
    if (status === 200) t.match(JSON.parse(answer.body), { method: 'POST', url: '/upload', bytes })
  }
})

t.test('without a limit, streams a body to the service', { skip }, async (t) => {
  const begun = Promise.withResolvers<string>()
  const service = await serve(t, async (request, response) => {
    request.once('data', (first) => begun.resolve(String(first)))
    response.end(`${(await text(request)).length}`)
  })
  const nginx = await startNginx(t, { ...service, bodyLimit: '0' })
  const sent = request(`${nginx.url}/upload`, { method: 'PUT', agent: new Agent() })
  sent.write('begun')
  t.equal(await begun.promise, 'begun')
  sent.end(Buffer.alloc(2_000_000, 'x'))
  const [response] = await once(sent, 'response')
  t.equal(await text(response), '2000005')
})

t.test('passes methods, paths and headers on unchanged', { skip }, async (t) => {
  const nginx = await startNginx(t, await serve(t, tell))
  const url = '/a%2Fb//c/../d;e?x=%20&y=+'
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    t.match(JSON.parse((await ask(nginx.url, { method, path: url, headers: { 'content-length': 4 } }, 'body')).body), {
      method,
      url,
      bytes: 4,
    })
  }
  const headers = {
    host: 'shop.example:8080',
    authorization: 'Bearer x',
    cookie: `id=${'c'.repeat(12_000)}`,
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example',
    proxy: 'http://evil.example',
    'x-forwarded-proto': 'https',
  }
  const told = JSON.parse((await ask(nginx.url, { headers })).body).headers
  t.match(told, {
    host: 'shop.example:8080',
    authorization: 'Bearer x',
    cookie: headers.cookie,
    'x-forwarded-for': '203.0.113.7, 127.0.0.1',
    'x-forwarded-host': 'shop.example:8080',
    'x-forwarded-proto': 'https',
    'x-request-id': /^[0-9a-f]{32}$/,
  })
  t.strictSame(
    ['connection', 'forwarded', 'proxy', 'upgrade'].filter((name) => name in told),
    [],
  )
  t.match(JSON.parse((await ask(nginx.url)).body).headers, { 'x-forwarded-proto': 'http' })
})

t.test('passes the response on unchanged', { skip }, async (t) => {
  const given = {
    'Cache-Control': 'public, max-age=60',
    'Content-Security-Policy': "default-src 'self'; script-src 'nonce-1'",
    'Content-Type': 'text/html; charset=iso-8859-1',
    ETag: 'W/"1"',
    'Set-Cookie': ['a=1; Path=/', `b=${'2'.repeat(12_000)}; HttpOnly`],
    'X-Frame-Options': 'SAMEORIGIN',
    'X-Request-Id': 'own',
  }
  const service = await serve(t, (request, response) => {
    const { host } = request.headers
    const to = { '/moved': `http://${host}/there`, '/inside': 'http://service/there' }[request.url ?? '']
    if (to !== undefined) response.writeHead(302, { Location: to }).end()
    else response.writeHead(200, given).end('<p>hello</p>')
  })
  const nginx = await startNginx(t, service)
  const { headers, body } = await ask(`${nginx.url}/`)
  t.equal(body, '<p>hello</p>')
  const kept = Object.fromEntries(Object.keys(given).map((name) => [name, headers[name.toLowerCase()]]))
  t.strictSame(kept, given)
  const ours = ['connection', 'content-length', 'date', 'server', 'transfer-encoding']
  const names = Object.keys(given).map((name) => name.toLowerCase())
  t.strictSame(
    Object.keys(headers).filter((name) => !names.includes(name) && !ours.includes(name)),
    [],
    'adds nothing',
  )
  const host = 'shop.example:8080'
  const locationOf = async (path: string) => (await ask(nginx.url + path, { headers: { host } })).headers.location
  t.equal(await locationOf('/moved'), `http://${host}/there`)
  t.equal(await locationOf('/inside'), 'http://service/there')
})

t.test('passes WebSockets and no other upgrade', { skip }, async (t) => {
  const nginx = await startNginx(t, { ...(await serveEcho(t)), answerTimeoutSeconds: 1 })
  const socket = new WebSocket(`${nginx.url.replace('http', 'ws')}/chat`)
  await once(socket, 'open')
  socket.send('hello')
  const [message] = await once(socket, 'message')
  t.equal(message.data, 'hello')
  const [end] = await once(socket, 'close')
  t.equal(end.wasClean, false, 'idle for longer than the answer timeout')

  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' }
  const plain = await ask(nginx.url, { headers })
  t.equal(plain.status, 200)
  t.notMatch(JSON.parse(plain.body).headers, { upgrade: String })
})

t.test('passes events on before the response ends', { skip }, async (t) => {
  const end = { now: () => {} }
  const chunked = await serve(t, (_, response) => {
    response.setHeader('content-type', 'text/event-stream')
    response.write('data: 1\n\n')
    end.now = () => response.end('data: 2\n\n')
  })
  const endless = await serveRaw(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\nX-Accel-Buffering: no\r\n\r\ndata: 1\n\n')
      end.now = () => socket.end('data: 2\n\n')
    })
  })
  for (const service of [chunked, endless]) {
    const nginx = await startNginx(t, service)
    const sent = request(nginx.url, { agent: new Agent() }).end()
    const [response] = await once(sent, 'response')
    const [first] = await once(response, 'data')
    t.equal(String(first), 'data: 1\n\n')
    end.now()
    t.equal(await text(response), 'data: 2\n\n')
  }
})

t.test('responds 504 when the service does not answer in time', { skip }, async (t) => {
  const nginx = await startNginx(t, { ...(await serve(t, () => {})), answerTimeoutSeconds: 1 })
  t.equal((await ask(nginx.url)).status, 504)
})

t.test('serves the release while the service is down, unless the service does so itself', { skip }, async (t) => {
  const down = await startNginx(t, { upstreamPort: await freePort() })
  t.match(await ask(`${down.url}/version.txt`), {
    status: 200,
    body: '1.4.0\n',
    headers: { 'content-type': 'text/plain' },
  })
  t.match(await ask(down.url), { status: 502 })
  const elsewhere = await startNginx(t, { ...(await serve(t, tell)), versionPath: '/version' })
  for (const url of ['/version.txt', '/version']) {
    t.match(JSON.parse((await ask(elsewhere.url + url)).body), { url })
  }
})

t.test("the user's lines extend or replace ours", { skip }, async (t) => {
  const service = await serve(t, tell)
  const nginx = await startNginx(t, { ...service, ...shop })
  const answer = await ask(`${nginx.url}/`, { method: 'POST' }, Buffer.alloc(2_000_000, 'x'))
  t.match(answer.headers, { 'strict-transport-security': 'max-age=31536000', 'x-request-id': String })
  t.match(JSON.parse(answer.body), { bytes: 2_000_000, headers: { 'x-forwarded-proto': 'https' } })
  const logins = await Promise.all(Array.from({ length: 30 }, () => ask(`${nginx.url}/login`)))
  const limited = logins.filter(({ status }) => status === 503).length
  t.ok(limited > 0 && limited < 30, `${limited} of 30 are over the limit`)
  t.equal((await ask(`${nginx.url}/static/none.css`)).status, 404, 'a file, not the service')

  const paths = 'location ^~ / { return 204; }\nlocation = /version.txt { return 410; }\n'
  const replaced = await startNginx(t, { ...service, lines: ownText(`\uFEFF${paths}`) })
  t.equal((await ask(replaced.url)).status, 204)
  t.equal((await ask(`${replaced.url}/version.txt`)).status, 410)
})

t.test('takes the client address from the load balancer', { skip }, async (t) => {
  const lines = ownText('location = /address { return 200 $client_address; }')
  const nginx = await startNginx(t, { upstreamPort: 1, lines })
  const addressFor = async (headers: Record<string, string>) => (await ask(`${nginx.url}/address`, { headers })).body
  t.equal(await addressFor({}), '127.0.0.1')
  t.equal(await addressFor({ 'x-forwarded-for': '1.1.1.1, 203.0.113.7' }), '203.0.113.7')
  t.equal(await addressFor({ 'x-forwarded-for': '2001:db8::7' }), '2001:db8::7')
})

t.test('nginx accepts all settings without a warning', { skip }, async (t) => {
  for (const settings of [{}, shop, { bodyLimit: '0', versionPath: '/v' }, { bodyLimit: '2G' }]) {
    const { program, args } = await nginxIn(t.testdir(), { upstreamPort: 8000, ...settings })
    const { stderr } = await execa(program, [...args, '-t'])
    t.match(stderr, /test is successful/)
    if (process.getuid?.() === 0) t.notMatch(stderr, /\[(warn|alert|emerg)\]/)
  }
})

t.test("renders a user's template with the same settings", (t) => {
  const folder = t.testdir({ 'own.mustache': 'http {\n{{#servesVersion}}\n  # {{release}}\n{{/servesVersion}}\n}\n' })
  const own = nginxFile(join(folder, 'own.mustache'), 'own.mustache')
  t.strictSame(renderNginx({ release, upstreamPort: 1, ...own }), { 'nginx.conf': 'http {\n  # 1.4.0\n}\n' })
  t.strictSame(renderNginx({ release, upstreamPort: 1, versionPath: '/', ...own }), { 'nginx.conf': 'http {\n}\n' })
  const wrong: Record<string, RegExp> = {
    'http {\n}\n{{upstreamPrt}}':
      /^own\.mustache:3: unknown tag \{\{upstreamPrt\}\}, expected one of .*, upstreamPort, /,
    '{{#user}}\n{{x}}{{/user}}': /^own\.mustache:2: unknown tag \{\{x\}\}/,
    '{{> head}}': /^own\.mustache:1: unknown tag \{\{head\}\}/,
    'a\n{{/user}}': /^own\.mustache:2: Unopened section "user"$/,
    '\n{{user': /^own\.mustache:2: Unclosed tag$/,
    '# {{user}}\nhttp {\n': /^own\.mustache, as rendered:2: a block that is not closed$/,
  }
  for (const [template, message] of Object.entries(wrong)) {
    const settings = { release, upstreamPort: 1, template: { file: 'own.mustache', text: template } }
    t.throws(() => renderNginx(settings), { name: 'OperatorError', kind: 'usage', message })
  }
  t.end()
})

t.test('refuses lines that cannot be in a server block, with file and line', (t) => {
  const wrong: Record<string, string> = {
    'gzip on;\nserver {\n}\n': 'nginx.conf:2: "server" has no place among lines for nginx\'s server',
    'gzip on;\n}\nlocation /x {\n': 'nginx.conf:2: "}" closes a block that was not opened',
    'gzip on': 'nginx.conf:1: "gzip" is not ended by ";"',
  }
  for (const [content, message] of Object.entries(wrong)) {
    const settings = { release, upstreamPort: 1, lines: ownText(content) }
    t.throws(() => renderNginx(settings), { name: 'OperatorError', kind: 'usage', message })
  }
  t.throws(() => nginxFile('/nowhere/x.conf', 'x.conf'), { kind: 'usage', message: /^x\.conf cannot be read: ENOENT/ })
  t.end()
})

t.test('refuses a setting that nginx would read as several words', (t) => {
  t.throws(() => renderNginx({ release, upstreamPort: 3000, webRoot: '/srv; deny all' }), {
    message: 'nginx webRoot: expected a plain word or path, got "/srv; deny all"',
  })
  for (const bodyLimit of ['1.5m', '-1', '1t', '1m;']) {
    t.throws(() => renderNginx({ release, upstreamPort: 3000, bodyLimit }), TypeError, bodyLimit)
  }
  t.end()
})

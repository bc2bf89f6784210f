// needs: openssl
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { problemOf } from '../fixtures/options.ts'
import { freeUrl, startService, timeService } from '../fixtures/service.ts'
import { parseProxy, proxyFor } from './proxy.ts'

const run = promisify(execFile)
const main = new URL('../main.ts', import.meta.url).pathname

t.test('chooses the proxy for a URL', (t) => {
  const environment = {
    HTTPS_PROXY: 'http://proxy.example:3128',
    http_proxy: 'other.example:80',
    NO_PROXY: 'inside.example, .lan,10.0.0.1,[::1],only.example:8443,192.168.0.0/16,fd00::/8',
  }
  const cases: [string, string | undefined][] = [
    ['https://a.example', 'http://proxy.example:3128/'],
    ['http://a.example', 'http://other.example/'],
    ['https://inside.example', undefined],
    ['https://a.inside.example', undefined],
    ['https://notinside.example', 'http://proxy.example:3128/'],
    ['https://a.lan', undefined],
    ['https://10.0.0.1', undefined],
    ['https://10.0.0.11', 'http://proxy.example:3128/'],
    ['https://[::1]', undefined],
    ['https://192.168.7.7', undefined],
    ['https://192.169.7.7', 'http://proxy.example:3128/'],
    ['https://[fd12::1]', undefined],
    ['https://only.example', 'http://proxy.example:3128/'],
    ['https://only.example:8443', undefined],
  ]
  for (const [url, proxy] of cases) t.equal(proxyFor(new URL(url), environment)?.href, proxy, url)
  t.equal(proxyFor(new URL('https://a'), { ...environment, no_proxy: '*' }), undefined)
  t.equal(
    proxyFor(new URL('http://a'), { HTTP_PROXY: 'http://p' }),
    undefined,
    'HTTP_PROXY is ignored: a CGI request can set it',
  )
  t.equal(problemOf(parseProxy('socks5://u:geheim@h:1')), 'expected http or https, got socks5://h:1')
  t.equal(problemOf(parseProxy('geheim')), 'expected none or the url of a proxy, http://HOST:PORT')
  t.end()
})

/** A proxy with a password that resolves every name to this computer. */
async function startProxy(t: Test): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const isKnown = ({ headers }: http.IncomingMessage) =>
    headers['proxy-authorization'] === `Basic ${Buffer.from('me:geh@im').toString('base64')}`
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(isKnown(request) ? 200 : 407).end()
  })
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    if (!isKnown(request)) return socket.end('HTTP/1.1 407 Who are you\r\n\r\n')
    const onward = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      // As good as 200 (RFC 9110, 9.3.6).
      socket.write('HTTP/1.1 201 A tunnel\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    for (const end of [onward, socket]) end.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

async function check(argv: readonly string[], variables: Record<string, string>): Promise<Ended> {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, ...variables }
  const ended = run(process.execPath, [main, '--samples', '1', '--max-offset', '9s', '--timeout', '60s', ...argv], {
    env,
  })
  return ended.then((done) => ({ ...done, code: 0 })).catch((error: Ended) => error)
}

t.test('sends notices and heartbeats through the proxy, checks directly', async (t) => {
  const folder = t.testdir({})
  const path = (name: string) => join(folder, name)
  const words =
    'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -x509 -subj /CN=hook -addext subjectAltName=DNS:hook.invalid'
  await run('openssl', [...words.split(' '), '-keyout', path('key'), '-out', path('cert')])
  const posted: string[] = []
  const hook = https.createServer(
    { key: readFileSync(path('key')), cert: readFileSync(path('cert')) },
    (request, response) => {
      posted.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`)
      response.end()
    },
  )
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    hook.closeAllConnections()
    hook.close()
  })
  const { port } = hook.address() as AddressInfo
  const { url: proxy, asked } = await startProxy(t)
  const down = await startService(t, (_, response) => response.writeHead(500).end())
  const argv = ['--state', path('state'), '--failures', '1', '--notify', `https://hook.invalid:${port}/n`]
  const all = [...argv, '--heartbeat', 'http://beat.invalid/b', down]
  const known = proxy.replace('//', '//me:geh%40im@')
  const ended = await check(all, { HTTPS_PROXY: known, http_proxy: known, NODE_EXTRA_CA_CERTS: path('cert') })
  t.match(ended, { code: 2, stderr: '' })
  t.same(posted, ['POST /n undefined'])
  t.same(asked, [`CONNECT hook.invalid:${port}`, 'GET http://beat.invalid/b'])
})

t.test('names a proxy that is down or rejects the login, without its password, and still checks', async (t) => {
  const up = await startService(t, timeService())
  const gone = new URL(await freeUrl())
  const dead = await check(['--heartbeat', 'https://beat.invalid', up], {
    HTTPS_PROXY: `http://me:geheim@${gone.host}`,
  })
  t.match(dead.stderr, `error: the proxy ${gone.host}: connection refused\n`)
  t.match(dead, { code: 0, stdout: / ok: / })
  const odd = await check(['--heartbeat', up, up], { ALL_PROXY: 'socks5://me:geheim@127.0.0.1:1' })
  t.match(odd.stderr, "the environment's proxy is not used: expected http or https, got socks5://127.0.0.1:1\n")
  const { url } = await startProxy(t)
  const { host } = new URL(url)
  for (const beat of ['https://beat.invalid', 'http://beat.invalid']) {
    const refused = await check(['--heartbeat', beat, '--proxy', `http://me:geheim@${host}`, up], {})
    t.match(refused.stderr, `error: heartbeat beat.invalid: the proxy ${host} answers 407\n`)
    t.notMatch(refused.stderr + dead.stderr + odd.stderr, 'geheim')
  }
  const none = await check(['--heartbeat', up, '--proxy', 'none', up], { http_proxy: `http://${gone.host}` })
  t.match(none, { stderr: /^error: heartbeat \S+: status 404\n$/ })
  t.match(await check(['--proxy', 'ftp://u:geheim@h', up], {}), {
    code: 3,
    stderr: /^error: --proxy: expected http or https, got ftp:\/\/h\n/,
  })
})

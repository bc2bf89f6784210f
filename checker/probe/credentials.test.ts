// needs: openssl
import { execFile } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startService, timeService } from '../fixtures/service.ts'
import type { CheckReport } from '../verdict/report.ts'
import { identityContext } from './identity.ts'

const run = promisify(execFile)
const main = new URL('../main.ts', import.meta.url).pathname

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

async function check(argv: readonly string[], variables: Record<string, string> = {}): Promise<Ended> {
  const env = { ...process.env, ...variables }
  const ended = run(process.execPath, [main, '--samples', '2', ...argv], { env })
  return ended.then((done) => ({ ...done, code: 0 })).catch((error: Ended) => error)
}

/** A service that records the headers of all requests. */
function listening(handler: RequestListener): {
  readonly seen: IncomingHttpHeaders[]
  readonly handler: RequestListener
} {
  const seen: IncomingHttpHeaders[] = []
  return {
    seen,
    handler(request, response) {
      seen.push(request.headers)
      handler(request, response)
    },
  }
}

function secretFile(t: Test, text: string): string {
  const file = join(t.testdir({ secret: text }), 'secret')
  chmodSync(file, 0o600)
  return file
}

t.test('sends headers and authorization, from a file and the environment, with every request', async (t) => {
  const { seen, handler } = listening(timeService())
  const url = await startService(t, handler)
  const file = secretFile(t, '# for the staging service\r\nX-Key: s3cret\r\nHost: time.example\r\n')
  const ended = await check(['--header', `@${file}`, '--header', 'User-Agent: mine', url], {
    BAKEROLL_CHECK_AUTHORIZATION: 'ops:geheim',
  })
  t.match(ended, { code: 0, stderr: '' })
  t.equal(seen.length, 3)
  for (const headers of seen) {
    t.match(headers, { 'x-key': 's3cret', host: 'time.example', 'user-agent': 'mine' })
    t.equal(headers.authorization, 'Basic b3BzOmdlaGVpbQ==')
  }
})

t.test('sends them to the same origin after a redirect, and not to another', async (t) => {
  const other = listening(timeService())
  const elsewhere = await startService(t, other.handler)
  const own = listening((request, response) => {
    if (request.url === '/clock') response.end(new Date().toISOString())
    else response.writeHead(302, { location: request.url === '/now' ? '/clock' : `${elsewhere}/version.txt` }).end()
  })
  const url = await startService(t, own.handler)
  const argv = ['--header', 'X-Key: s3cret', '--authorization', 'geheim', '--follow-redirects', '2', url]
  t.match(await check(argv), { code: 0 })
  t.equal(own.seen.length, 4)
  for (const headers of own.seen) t.match(headers, { 'x-key': 's3cret', authorization: 'Bearer geheim' })
  t.equal(other.seen.length, 1)
  t.same([other.seen[0]?.['x-key'], other.seen[0]?.authorization], [undefined, undefined])
})

t.test('hides secrets that a service repeats', async (t) => {
  const url = await startService(t, (request, response) => {
    response.end(`you said ${request.headers.authorization}, ${request.headers['x-key']}`)
  })
  const version = await startService(t, (request, response) => {
    if (request.url === '/now') response.end(new Date().toISOString())
    else response.end(`${request.headers['x-key']}`)
  })
  for (const format of ['text', 'json', 'nagios', 'junit', 'prometheus']) {
    const ended = await check([
      '--format',
      format,
      '--header',
      'X-Key: s3cret',
      '--authorization',
      'ops:geheim',
      '--expect-version',
      '1',
      url,
      version,
    ])
    t.equal(ended.code, 2)
    t.notMatch(ended.stdout + ended.stderr, /s3cret|geheim|b3BzOmdlaGVpbQ/, format)
  }
})

t.test('a header whose value occurs in the report does not change the report', async (t) => {
  const { port } = new URL(await startService(t, (request, response) => response.writeHead(500).end(request.url)))
  const url = `http://127.0.0.1:${port}`
  const words = ['critical', 'http', '127.0.0.1', url]
  const headers = words.flatMap((word, index) => ['--header', `X-${index}: ${word}`])
  const ended = await check([...headers, '--json', url])
  t.equal(ended.code, 2)
  const report: CheckReport = JSON.parse(ended.stdout)
  t.match(report, { verdict: 'critical', targets: [{ url, address: '127.0.0.1', verdict: 'critical' }] })
})

t.test('reports problems before the first request, with file and line, without the secret', async (t) => {
  const { seen, handler } = listening(timeService())
  const url = await startService(t, handler)
  const cases: [string, string[], string][] = [
    ['X-A: 1\nX Key: s3cret\n', ['--header'], ':2: no header name before the colon'],
    ['X-A: 1\n  s3cret\n', ['--header'], ':2: continuation lines are not supported'],
    ['X-A: s3cret\rEvil: 1\n', ['--header'], ':1: the value of X-A contains a control character'],
    ['X-A: s3cret\nx-a: s3cret\n', ['--header'], '--header: x-a is given twice'],
    ['Authorization: s3cret', ['--authorization=geheim', '--header'], '--authorization: is also given as a --header'],
    ['s3cret\ns3cret\n', ['--authorization'], 'has 2 lines, expected one'],
    ['', ['--authorization'], 'is empty'],
  ]
  for (const [text, flags, problem] of cases) {
    const ended = await check([url, ...flags, `@${secretFile(t, text)}`])
    t.match(ended, { code: 3, stderr: problem })
    t.notMatch(ended.stdout + ended.stderr, /s3cret|geheim/)
  }
  t.match(await check([url, '--header', '@/nowhere/at/all']), {
    code: 3,
    stderr: '--header: cannot read /nowhere/at/all',
  })
  t.match(await check([url, '--header', 'X: 1\nY: 2']), { code: 3, stderr: 'cannot have several lines' })
  t.same(seen, [])
  const open = secretFile(t, 'geheim')
  chmodSync(open, 0o644)
  const warned = await check([url, '--authorization', `@${open}`])
  t.match(warned, { code: 0, stderr: `warning: --authorization: others may read ${open}: chmod 600 ${open}\n` })
})

/** A certificate authority, a service that requires its certificates, and such certificates. */
async function startPrivate(t: Test) {
  const folder = t.testdir({ ext: 'subjectAltName=IP:127.0.0.1' })
  const openssl = (words: string) => run('openssl', words.split(' '), { cwd: folder })
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
  await openssl(`${newKey} -nodes -x509 -subj /CN=authority -keyout ca.key -out ca.pem`)
  for (const [name, ext] of [
    ['service', '-extfile ext'],
    ['client', ''],
  ]) {
    await openssl(`${newKey} -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`)
    await openssl(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial ${ext} -out ${name}.pem`.replace('  ', ' '),
    )
  }
  await openssl('pkcs8 -topk8 -in client.key -passout pass:geheim -out locked.key')
  const path = (name: string) => join(folder, name)
  writeFileSync(path('both.pem'), readFileSync(path('client.pem'), 'utf8') + readFileSync(path('client.key'), 'utf8'), {
    mode: 0o600,
  })
  const { seen, handler } = listening(timeService())
  const [ca, cert, key] = ['ca.pem', 'service.pem', 'service.key'].map((name) => readFileSync(path(name)))
  const server = https.createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, path, seen }
}

t.test('uses a client certificate', async (t) => {
  const { url, path, seen } = await startPrivate(t)
  const trusting = [url, '--ca', path('ca.pem')]
  t.match(await check(trusting), { code: 2, stdout: /certificate/ })
  t.same(seen, [])
  chmodSync(path('client.key'), 0o600)
  const pair = ['--cert', path('client.pem'), '--key', path('client.key')]
  t.match(await check([...trusting, ...pair]), { code: 0, stderr: '' })
  t.match(await check([...trusting, '--cert', path('both.pem')]), { code: 0, stderr: '' }, 'both in one file')
  const locked = ['--cert', path('client.pem'), '--key', path('locked.key')]
  chmodSync(path('locked.key'), 0o600)
  writeFileSync(path('word'), 'geheim\r\n', { mode: 0o600 })
  t.match(await check([...trusting, ...locked, '--key-passphrase', `@${path('word')}`]), { code: 0, stderr: '' })
  t.match(await check([...trusting, ...locked], { BAKEROLL_CHECK_KEY_PASSPHRASE: 'geheim' }), { code: 0, stderr: '' })
  const asked = seen.length
  const cases: [string[], string][] = [
    [locked, `--cert: the key in ${path('locked.key')} needs a --key-passphrase`],
    [[...locked, '--key-passphrase=wrong'], `--cert: --key-passphrase does not open the key in ${path('locked.key')}`],
    [
      ['--cert', path('service.pem'), '--key', path('client.key')],
      `--cert: the key in ${path('client.key')} does not belong to the certificate in ${path('service.pem')}`,
    ],
    [['--cert', path('client.pem')], `--cert: there is no private key (PEM) in ${path('client.pem')}`],
    [['--cert', path('ext'), '--key', path('client.key')], `--cert: there is no certificate (PEM) in ${path('ext')}`],
    [['--cert', '/nowhere'], '--cert: cannot read /nowhere: ENOENT'],
    [['--key', path('client.key')], '--key: means nothing without --cert'],
  ]
  for (const [flags, problem] of cases) t.match(await check([...trusting, ...flags]), { code: 3, stderr: problem })
  t.equal(seen.length, asked, 'no request')
  // Under --serve, one file of a renewed pair may be written before the other.
  const identity = { certFile: path('renewed.pem'), keyFile: path('renewed.key') }
  for (const end of ['pem', 'key']) copyFileSync(path(`client.${end}`), path(`renewed.${end}`))
  const context = identityContext(identity, path('ca.pem'))
  copyFileSync(path('service.pem'), identity.certFile)
  t.equal(identityContext(identity, path('ca.pem')), context, 'keeps the pair that matches')
  copyFileSync(path('service.key'), identity.keyFile)
  t.not(identityContext(identity, path('ca.pem')), context)
  rmSync(identity.certFile)
  t.ok(identityContext(identity, path('ca.pem')))
  chmodSync(path('client.key'), 0o644)
  t.match(await check([...trusting, ...pair]), {
    code: 0,
    stderr: `warning: --key: others may read ${path('client.key')}`,
  })
})

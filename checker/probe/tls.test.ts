// needs: openssl, test/nodes
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { builtChecker } from '../fixtures/bundle.ts'
import { nodes } from '../fixtures/nodes.ts'
import { startService, startSocketService, timeService } from '../fixtures/service.ts'

const run = promisify(execFile)
const main = new URL('../main.ts', import.meta.url).pathname

/** An HTTPS service with a self-signed certificate for this name; its URL and the file of the certificate. */
async function startTlsService(
  t: Test,
  subject: string,
  {
    days = 90,
    newKey = 'ec -pkeyopt ec_paramgen_curve:prime256v1',
    handler = timeService(),
    ...more
  }: https.ServerOptions & { days?: number; newKey?: string; handler?: RequestListener } = {},
): Promise<{ url: string; certificate: string }> {
  mkdirSync(t.testdirName, { recursive: true })
  const folder = mkdtempSync(join(t.testdirName, 'tls-'))
  const [key, request, certificate] = ['key.pem', 'request.pem', 'certificate.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const name = /^[\d.]+$/.test(subject) ? `IP:${subject}` : `DNS:${subject}`
  writeFileSync(join(folder, 'ext'), `subjectAltName=${name}`)
  const words = `req -newkey ${newKey} -nodes -subj /O=${basename(folder)}/CN=${subject}`
  await run('openssl', [...words.split(' '), '-keyout', key, '-out', request])
  // Only this command makes an expired one, with -1 day.
  const sign = `x509 -req -days ${days} -extfile ${join(folder, 'ext')} -in ${request} -signkey ${key} -out ${certificate}`
  await run('openssl', sign.split(' '))
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate), ...more }, handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, certificate }
}

/** The report of a checker in its own process, which may trust one more certificate. */
async function check(url: string, trusted = '', more: string[] = []): Promise<unknown> {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: trusted, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  const child = run(process.execPath, [main, url, '--json', ...more], { env })
  const { stdout } = await child.catch((error: { stdout: string }) => error)
  return JSON.parse(stdout)
}

t.test('a self-signed certificate is critical, even with verification switched off in Node', async (t) => {
  const { url } = await startTlsService(t, '127.0.0.1')
  t.match(await check(url), {
    verdict: 'critical',
    targets: [{ reasons: ['GET /now: the certificate is not trusted: self-signed certificate'] }],
  })
})

t.test('a certificate for another name is critical', async (t) => {
  const { url, certificate } = await startTlsService(t, 'other.example')
  t.match(await check(url, certificate), {
    verdict: 'critical',
    targets: [{ reasons: [/^GET \/now: the certificate is not trusted: .*127\.0\.0\.1 is not in the cert's list/] }],
  })
})

t.test('reports a weak key as an untrusted certificate', async (t) => {
  // A server that accepts a weak key.
  const weak = { newKey: 'rsa:1024', ciphers: 'DEFAULT:@SECLEVEL=0' }
  const { url, certificate } = await startTlsService(t, '127.0.0.1', weak)
  t.match(await check(url, certificate), {
    verdict: 'critical',
    targets: [{ reasons: [/^GET \/now: the certificate is not trusted: .*too weak/] }],
  })
})

t.test('counts the days of a trusted certificate and measures the clock', async (t) => {
  const { url, certificate } = await startTlsService(t, '127.0.0.1')
  const target = { certificate: { daysLeft: 89 }, clock: { samples: 5 }, version: { found: '1.4.0' } }
  t.match(await check(url, certificate), { verdict: 'ok', targets: [target] })
  t.match(await check(url, certificate, ['--warning-certificate', '90']), {
    verdict: 'warning',
    targets: [{ reasons: ['the certificate expires in 89 days'] }],
  })
})

t.test('reports a port without TLS and a failed handshake in plain words', async (t) => {
  const http = await startService(t, timeService())
  const ssh = await startSocketService(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  for (const url of [http, ssh]) {
    const reasons = ['GET /now: no TLS on this port; did you mean http://?']
    t.match(await check(url.replace('http', 'https')), { verdict: 'critical', targets: [{ reasons }] })
  }
  const old = await startTlsService(t, '127.0.0.1', { ciphers: 'AES128-SHA256', maxVersion: 'TLSv1.2' })
  t.match(await check(old.url), {
    verdict: 'critical',
    targets: [{ reasons: ['GET /now: TLS refused by the other side: handshake failure'] }],
  })
  const shy = await startTlsService(t, '127.0.0.1', { requestCert: true })
  const report = await check(shy.url, shy.certificate)
  t.match(report, { targets: [{ reasons: [/^GET \/now: TLS refused by the other side: certificate required$/] }] })
})

t.test('reports when an expired certificate ended', async (t) => {
  const { url, certificate } = await startTlsService(t, '127.0.0.1', { days: -1 })
  const report = await check(url, certificate)
  t.match(report, {
    verdict: 'critical',
    targets: [
      {
        reasons: ['GET /now: the certificate is not trusted: certificate has expired'],
        certificate: { daysLeft: -2, endsAt: /^\d{4}-\d\d-\d\dT/ },
      },
    ],
  })
})

t.test('behind a redirect, every certificate counts, and the first to expire is named', async (t) => {
  const both = join(t.testdir(), 'both.pem')
  const ending = await startTlsService(t, '127.0.0.1', { days: 3 })
  const { host } = new URL(ending.url)
  const handler: RequestListener = (request, response) => {
    response.writeHead(302, { location: `${ending.url}${request.url}` }).end()
  }
  const lasting = await startTlsService(t, '127.0.0.1', { days: 90, handler })
  writeFileSync(both, [ending, lasting].map(({ certificate }) => readFileSync(certificate)).join(''))
  for (const url of [lasting.url, await startService(t, handler)]) {
    t.match(await check(url, both, ['--follow-redirects', '1']), {
      verdict: 'warning',
      targets: [{ reasons: [`the certificate of ${host} expires in 2 days`], certificate: { daysLeft: 2, host } }],
    })
  }
})

/** A certificate authority, and a key and chain for 127.0.0.1 signed by it, each valid for these days. */
async function makeAuthority(t: Test, days: { intermediate: number; server: number }) {
  const folder = t.testdir({
    'ca.ext': 'basicConstraints=critical,CA:TRUE',
    'server.ext': 'subjectAltName=IP:127.0.0.1',
  })
  const openssl = (words: string) => run('openssl', words.split(' '), { cwd: folder })
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  await openssl(`${newKey} -x509 -days 3650 -subj /CN=root -keyout root.key -out root.pem`)
  const signed = async (name: string, by: string, ext: string, validDays: number) => {
    await openssl(`${newKey} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`)
    const who = `-CA ${by}.pem -CAkey ${by}.key -CAcreateserial -days ${validDays} -extfile ${ext}`
    await openssl(`x509 -req -in ${name}.csr ${who} -out ${name}.pem`)
    return readFileSync(join(folder, `${name}.pem`), 'utf8')
  }
  const intermediate = await signed('intermediate', 'root', 'ca.ext', days.intermediate)
  const cert = (await signed('server', 'intermediate', 'server.ext', days.server)) + intermediate
  return { key: readFileSync(join(folder, 'server.key')), cert, root: join(folder, 'root.pem') }
}

t.test(
  '--ca trusts an authority beside the usual ones; the first certificate of the chain to end counts',
  async (t) => {
    const { key, cert, root } = await makeAuthority(t, { intermediate: 30, server: 60 })
    const server = https.createServer({ key, cert }, timeService())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    t.match(await check(url), { verdict: 'critical', targets: [{ reasons: [/certificate is not trusted/] }] })
    t.match(await check(url, '', ['--ca', root]), { verdict: 'ok', targets: [{ certificate: { daysLeft: 29 } }] })
    const leaf = root.replace('root.pem', 'server.pem')
    t.match(await check(url, root, ['--ca', leaf]), { verdict: 'ok' }, 'NODE_EXTRA_CA_CERTS still counts')
    t.match(await check(url, '/nowhere', ['--ca', root]), { verdict: 'ok' }, 'a missing file is ignored, as in Node')
  },
)

const bundle = await builtChecker()

for (const { version, path } of nodes) {
  t.test(`Node ${version}: --ca adds to everything that Node trusts`, async (t) => {
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const { url, certificate } = await startTlsService(t, '127.0.0.1')
    const other = await startTlsService(t, '127.0.0.1')
    const told: Record<string, string>[] = [
      { NODE_EXTRA_CA_CERTS: certificate },
      { NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: certificate },
      ...(major >= 24 || (major === 22 && minor >= 15)
        ? [{ NODE_OPTIONS: '--use-system-ca', SSL_CERT_FILE: certificate }]
        : []),
    ]
    for (const more of told) {
      const argv = [bundle, '--json', '--samples', '1', '--ca', other.certificate, url, other.url]
      const { stdout } = await run(path, argv, { env: { PATH: process.env['PATH'], ...more } })
      t.match(JSON.parse(stdout).targets, [{ verdict: 'ok' }, { verdict: 'ok' }], JSON.stringify(more))
    }
  })
}

t.test('strips the trailing dot of a name for SNI', async (t) => {
  const names: unknown[] = []
  const SNICallback = (name: string, done: (error: null) => void) => {
    names.push(name)
    done(null)
  }
  const { url, certificate } = await startTlsService(t, 'localhost', { SNICallback })
  await check(url.replace('127.0.0.1', 'localhost.'), certificate, ['--samples', '1'])
  t.same([...new Set(names)], ['localhost'])
})

t.test('reads --ca before the first request', async (t) => {
  const folder = t.testdir({
    'no.pem': 'nothing',
    'bad.pem': '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n',
  })
  t.match(await check('https://127.0.0.1:1', '', ['--ca', join(folder, 'no.pem')]), {
    summary: /^wrong usage: --ca: there is no certificate \(PEM\) in /,
  })
  t.match(await check('https://127.0.0.1:1', '', ['--ca', join(folder, 'bad.pem')]), {
    summary: /^wrong usage: --ca: cannot read .*bad\.pem: /,
  })
})

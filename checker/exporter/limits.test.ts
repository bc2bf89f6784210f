// needs: curl, openssl, prometheus
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { hash as hashed } from 'bcryptjs'
import t, { type Test } from 'tap'
import { builtChecker } from '../fixtures/bundle.ts'
import { startService, timeService } from '../fixtures/service.ts'
import { programIn } from '../programs.ts'

const bundle = await builtChecker()
const run = promisify(execFile)

function start(t: Test, ...argv: string[]): Promise<{ url: string; child: ChildProcess }> {
  // The clock is not under test here, and the computer may be busy.
  const lenient = argv.includes('--max-offset') ? [] : ['--max-offset', '5s']
  const child = spawn(process.execPath, [bundle, '--serve', '127.0.0.1:0', '--samples', '1', ...lenient, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk
      const url = /serving (\S+)\/metrics/.exec(said)?.[1]
      if (url !== undefined) resolve({ url, child })
    })
    child.once('exit', () => reject(new Error(said)))
  })
}

async function probe(url: string, target: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${url}/probe?target=${encodeURIComponent(target)}`)
  return { status: response.status, body: await response.text() }
}

t.test('/probe checks only the hosts in --probe-hosts, after a redirect too', async (t) => {
  const service = await startService(t, timeService())
  const { port } = new URL(service)
  const leading = await startService(t, (_, response) => response.writeHead(302, { location: `${service}/now` }).end())
  const away = await startService(t, (request, response) => {
    response.writeHead(302, { location: `http://127.0.0.2:${port}${request.url}` }).end()
  })
  const allowed = [service, leading, away].map((one) => new URL(one).host).join()
  const { url } = await start(t, '--probe-hosts', `${allowed},*.example`, '--follow-redirects', '1')
  t.match(await probe(url, service), { status: 200, body: /\nprobe_success 1\n/ })
  t.match(await probe(url, leading), { status: 200, body: /bakeroll_check_verdict\S+ 0\n/ })
  t.match(await probe(url, away), {
    status: 200,
    body: /redirected to \S+: 127\.0\.0\.2:\d+ is not among --probe-hosts/,
  })
  t.match(await probe(url, 'http://127.0.0.1:22'), {
    status: 403,
    body: 'target: 127.0.0.1:22 is not among --probe-hosts\n',
  })
  t.match(await probe(url, 'http://example'), { status: 403 })
})

t.test('/probe connects only to --probe-networks, whatever a name resolves to', async (t) => {
  const service = await startService(t, timeService())
  const { port } = new URL(service)
  const { url } = await start(t, '--probe-networks', '127.0.0.0/30,::1')
  t.match(await probe(url, service), { body: /\nprobe_success 1\n/ })
  t.match(await probe(url, `http://localhost:${port}`), { body: /\nprobe_success 1\n/ })
  const other = await start(t, '--probe-networks', '10.0.0.0/8')
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0.0.0.0']) {
    const { body } = await probe(other.url, `http://${host}:${port}`)
    t.match(body, / is not in --probe-networks\n/, host)
    t.match(body, /\nprobe_success 0\n/)
  }
})

t.test('the limits apply to /probe only, and --no-probe turns it off', async (t) => {
  const service = await startService(t, timeService())
  const { url } = await start(t, service, '--probe-networks', '10.0.0.0/8', '--no-probe')
  t.match(await (await fetch(`${url}/metrics`)).text(), /bakeroll_check_ok\S+ 1\n/)
  t.match(await probe(url, service), { status: 404, body: '/probe is turned off (--no-probe)\n' })
})

t.test('refuses --authorization when anyone could have it sent to any host', async (t) => {
  const secret = join(t.testdir({ secret: 'ops:geheim' }), 'secret')
  chmodSync(secret, 0o600)
  const argv = [bundle, '--serve', '127.0.0.1:0', '--authorization', `@${secret}`]
  await t.rejects(run(process.execPath, argv), {
    code: 3,
    stderr: /^error: --authorization: anyone who reaches \/probe could/,
  })
  const service = await startService(t, (request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401).end()
    else timeService()(request, response)
  })
  const { url } = await start(t, '--authorization', `@${secret}`, '--probe-hosts', new URL(service).host)
  t.match(await probe(url, service), { body: /\nprobe_success 1\n/ })
})

t.test('applies settings per target, per module and per probe', async (t) => {
  const service = await startService(t, (request, response) => {
    if (request.url === '/strict' && request.headers.authorization !== 'Bearer geheim') response.writeHead(401).end()
    else if (request.url === '/now') response.writeHead(404).end()
    else response.end(String(Math.floor(Date.now() / 1000)))
  })
  const exact = await startService(t, timeService())
  const folder = t.testdir({
    'services.txt': [
      'module http_2xx time-path=/strict time-format=unix authorization=@token',
      `${exact} max-offset=5s expect-version=1.4.0`,
      `${service} time-path=/clock time-format=unix max-offset=9s samples=2`,
    ].join('\n'),
    token: 'geheim',
  })
  chmodSync(join(folder, 'token'), 0o600)
  const file = join(folder, 'services.txt')
  const { stdout } = await run(process.execPath, [bundle, '--targets', file, '--json', '--samples', '1'])
  const { targets } = JSON.parse(stdout)
  t.match(targets, [
    { verdict: 'ok', version: { expected: '1.4.0' }, clock: { limitMs: 5000, samples: 1 } },
    { verdict: 'ok', clock: { format: 'unix', samples: 2, limitMs: 9000 } },
  ])
  const { url } = await start(t, '--targets', file, '--probe-networks', '127.0.0.0/8', '--max-offset', '3s')
  const ask = async (query: string) => {
    const response = await fetch(`${url}/probe?target=${encodeURIComponent(service)}${query}`)
    return { status: response.status, body: await response.text() }
  }
  t.match(await ask(''), { status: 200, body: /HTTP 404/ })
  t.match(await ask('&module=http_2xx'), { status: 200, body: /bakeroll_check_ok\S+ 1\n/ })
  t.match(await ask('&time-path=/clock&time-format=unix'), { status: 200, body: /bakeroll_check_ok\S+ 1\n/ })
  t.match(await ask('&time-path=/clock&time-format=unix&expect-status=204'), { body: /HTTP 200, expected 204/ })
  t.match(await ask('&module=other'), { status: 400, body: /expected http_2xx/ })
})

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/metrics`, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject).end()
  })
}

t.test('rejects a request with an unknown Host', async (t) => {
  const { url } = await start(t, '--serve-names', 'mon.example')
  for (const host of ['evil.example', '127.0.0.1.evil.example:9115']) t.equal(await statusFor(url, host), 403, host)
  for (const host of ['mon.example:9115', 'localhost', '127.0.0.1']) t.equal(await statusFor(url, host), 200, host)
})

// The password "geheim", hashed by htpasswd -nbBC 5.
const hash = '$2y$05$uIZdmB/wvnQBB9yFNUonze55/KMUCd/boxyMmXf4UbCT1iE1F1pYG'

async function openssl(folder: string, words: string): Promise<void> {
  await run('openssl', words.split(' '), { cwd: folder })
}

t.test('--web-config sets TLS, users and headers', async (t) => {
  const folder = t.testdir({
    'web.yml': [
      'tls_server_config: {cert_file: service.pem, key_file: service.key, min_version: TLS12}',
      'http_server_config: {http2: true, headers: {X-Frame-Options: deny}}',
      `basic_auth_users: {ops: ${JSON.stringify(hash)}}`,
    ].join('\n'),
    ext: 'subjectAltName=IP:127.0.0.1',
  })
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  const renew = () =>
    openssl(
      folder,
      `${newKey} -x509 -subj /CN=service -addext subjectAltName=IP:127.0.0.1 -keyout service.key -out service.pem`,
    )
  await renew()
  const { url, child } = await start(t, '--web-config', join(folder, 'web.yml'))
  t.match(url, /^https:/)
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const curl = async (...argv: string[]) => {
    const flags = ['-s', '-w', '%{http_code}', '--cacert', join(folder, 'service.pem'), ...argv, `${url}/metrics`]
    return (await run('curl', flags).catch((error) => error)) as { stdout: string; code?: number }
  }
  t.match((await curl()).stdout, /^expected a user and a password\n401$/)
  t.match((await curl('-u', 'ops:wrong')).stdout, /401$/)
  t.match((await curl('-u', 'nobody:geheim')).stdout, /401$/)
  for (const _ of [1, 2])
    t.match(
      (await curl('-u', 'ops:geheim', '-i')).stdout,
      /X-Frame-Options: deny[\s\S]*nodejs_version_info[\s\S]*200$/i,
    )
  await renew()
  t.match((await curl('-u', 'ops:geheim')).stdout, /200$/, 'uses a renewed certificate at once')
  writeFileSync(join(folder, 'web.yml'), `basic_auth_users:\n  ops: "${hash}\n`)
  t.match((await curl('-u', 'ops:geheim')).stdout, /200$/, 'keeps the old settings when the new ones are invalid')
  while (!said.includes('keeping the old one')) await once(child.stderr ?? child, 'data')
  t.notMatch(said, hash.slice(-20), 'does not print the hash')
})

t.test('--web-config requires client certificates, accepts them if given, or ignores them', async (t) => {
  const folder = t.testdir({ server: 'subjectAltName=IP:127.0.0.1' })
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  for (const name of ['ca', 'other'])
    await openssl(folder, `${newKey} -x509 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`)
  const sign = async (name: string, by: string, ext: string) => {
    await openssl(folder, `${newKey} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`)
    await openssl(
      folder,
      `x509 -req -in ${name}.csr -CA ${by}.pem -CAkey ${by}.key -CAcreateserial -out ${name}.pem${ext}`,
    )
  }
  await sign('service', 'ca', ' -extfile server')
  await sign('client', 'ca', '')
  await sign('stranger', 'other', '')
  const path = (name: string) => join(folder, name)
  const write = (client: string) =>
    writeFileSync(path('web.yml'), `tls_server_config: {cert_file: service.pem, key_file: service.key${client}}\n`)
  write(', client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert')
  const { url } = await start(t, '--web-config', path('web.yml'))
  const ask = async (name?: string, ...flags: string[]) => {
    const shown = name === undefined ? [] : ['--cert', path(`${name}.pem`), '--key', path(`${name}.key`)]
    const words = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', path('ca.pem'), ...shown, ...flags]
    return ((await run('curl', [...words, `${url}/metrics`]).catch((error) => error)) as { stdout: string }).stdout
  }
  // 000: no HTTP at all.
  const cases = { none: undefined, client: 'client', stranger: 'stranger' }
  const all = async (...flags: string[]) =>
    Object.fromEntries(
      await Promise.all(Object.entries(cases).map(async ([name, shown]) => [name, await ask(shown, ...flags)])),
    )
  t.same(await all(), { none: '000', client: '200', stranger: '000' }, 'required')
  t.same(await all('--tls-max', '1.2'), { none: '000', client: '200', stranger: '000' }, 'with TLS 1.2')
  write(', client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven')
  t.same(await all(), { none: '200', client: '200', stranger: '403' }, 'if given')
  write('')
  t.same(await all(), { none: '200', client: '200', stranger: '200' }, 'not requested')
  write(', client_ca_file: other.pem, client_auth_type: RequireAndVerifyClientCert')
  t.same(await all(), { none: '000', client: '000', stranger: '200' }, 'required from now on, from another authority')
  for (const client of [
    ', client_ca_file: other.pem',
    ', client_auth_type: RequireAndVerifyClientCert',
    ', client_ca_file: no.pem, client_auth_type: RequireAndVerifyClientCert',
    ', client_ca_file: server, client_auth_type: RequireAndVerifyClientCert',
    ', client_ca_file: other.pem, client_auth_type: RequireAnyClientCert',
  ]) {
    write(client)
    t.same(await all(), { none: '000', client: '000', stranger: '200' }, `invalid settings open nothing: ${client}`)
  }
})

t.test('does not probe for a client that left during the password comparison', async (t) => {
  const slow = await hashed('geheim', 13)
  const folder = t.testdir({ 'web.yml': `basic_auth_users: {ops: ${JSON.stringify(slow)}}` })
  const { url } = await start(t, '--web-config', join(folder, 'web.yml'))
  const asked: string[] = []
  const service = await startService(t, (request, response) => {
    asked.push(`${request.url}`)
    response.writeHead(404).end()
  })
  const headers = { authorization: `Basic ${Buffer.from('ops:geheim').toString('base64')}` }
  const ask = (name: string) => request(`${url}/probe?target=${service}/${name}`, { headers })
  const gone = ask('gone')
  gone.on('error', () => {})
  // The request is sent, and nobody waits for the response.
  gone.end(() => gone.destroy())
  const [response] = await once(ask('stays').end(), 'response')
  response.resume()
  await once(response, 'end')
  t.ok(asked.length > 0)
  t.notOk(asked.some((path) => path.includes('gone')))
})

interface Targets {
  readonly data: { readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[] }
}

t.test(
  'Prometheus scrapes it with TLS and a password',
  { skip: programIn('prometheus') === undefined && 'no prometheus here' },
  async (t) => {
    const folder = t.testdir({ ext: '' })
    const path = (name: string) => join(folder, name)
    const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    await openssl(
      folder,
      `${newKey} -x509 -subj /CN=service -addext subjectAltName=IP:127.0.0.1 -keyout service.key -out service.pem`,
    )
    writeFileSync(
      path('web.yml'),
      `tls_server_config: {cert_file: service.pem, key_file: service.key}\nbasic_auth_users: {ops: "${hash}"}\n`,
    )
    const { url } = await start(t, '--web-config', path('web.yml'))
    const { host } = new URL(url)
    writeFileSync(
      path('prometheus.yml'),
      `scrape_configs: [{job_name: x, scheme: https, scrape_interval: 3s, scrape_timeout: 3s, tls_config: {ca_file: service.pem}, basic_auth: {username: ops, password: geheim}, static_configs: [{targets: ['${host}']}]}]`,
    )
    const argv = [
      `--config.file=${path('prometheus.yml')}`,
      `--storage.tsdb.path=${path('data')}`,
      '--web.listen-address=127.0.0.1:0',
    ]
    const prometheus = spawn('prometheus', argv, { stdio: ['ignore', 'ignore', 'pipe'] })
    t.teardown(() => prometheus.kill('SIGKILL'))
    let said = ''
    prometheus.stderr.on('data', (chunk) => {
      said += chunk
    })
    let address: string | undefined
    while (address === undefined) {
      await once(prometheus.stderr, 'data')
      address = /msg="Listening on" address=(\S+)/.exec(said)?.[1]
    }
    let health = ''
    // A busy computer may miss some scrapes.
    while (!/^up|^down (?!.*deadline)/.test(health)) {
      await sleep(100)
      const response = await fetch(`http://${address}/api/v1/targets`).catch(() => undefined)
      const [target] = response?.ok ? ((await response.json()) as Targets).data.activeTargets : []
      health = `${target?.health} ${target?.lastError}`
    }
    t.equal(health, 'up ')
  },
)

t.test('reports an invalid web configuration before serving', async (t) => {
  const folder = t.testdir({ 'a.pem': 'x' })
  const cases: [string, RegExp][] = [
    ['basic_auth_user: {}', /web\.yml: basic_auth_user: unknown, expected tls_server_config, /],
    ['basic_auth_users: {ops: geheim}', /basic_auth_users\.ops: expected a bcrypt hash/],
    ['tls_server_config: {cert_file: a.pem}', /tls_server_config: expected cert_file and key_file/],
    ['tls_server_config: {cert_file: a.pem, key_file: no.pem}', /ENOENT/],
    ['tls_server_config: {cert_file: a.pem, key_file: a.pem}', /web\.yml: /],
    [
      'tls_server_config: {cert_file: a.pem, key_file: a.pem, min_version: SSL3}',
      /min_version: expected TLS12 or TLS13/,
    ],
    ['tls_server_config: {cipher_suites: []}', /tls_server_config\.cipher_suites: unknown/],
    ['tls_server_config: {cert_file: a.pem, key_file: a.pem, client_ca_file: a.pem}', /belong together/],
    [
      'tls_server_config: {cert_file: a.pem, key_file: a.pem, client_ca_file: a.pem, client_auth_type: VerifyClientCertIfGiven}',
      /client_ca_file: there is no certificate \(PEM\) in /,
    ],
    ['[', /web\.yml: /],
    ['- a', /the file: expected a mapping/],
  ]
  for (const [text, stderr] of cases) {
    writeFileSync(join(folder, 'web.yml'), text)
    const argv = [bundle, '--serve', '127.0.0.1:0', '--web-config', join(folder, 'web.yml')]
    const error = await run(process.execPath, argv).catch((found) => found)
    t.match(error, { code: 3, stderr }, text)
    t.notMatch(error.stderr, 'geheim')
  }
})

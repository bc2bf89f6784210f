// needs: test/nodes
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtChecker } from '../fixtures/bundle.ts'
import { nodes } from '../fixtures/nodes.ts'
import { freeUrl, startService, timeService } from '../fixtures/service.ts'
import type { CheckReport } from '../verdict/report.ts'
import { answerTo, startNameServer, type Zone } from './fixtures/name-server.ts'
import { noOwnFiles, type OwnFiles, runWithFiles, spawnWithFiles } from './fixtures/own-files.ts'

t.setTimeout(240_000)
const skip = noOwnFiles()
const bundle = await builtChecker()

/** Ignores queries for dead*, answers those for live* at once, knows no other name. */
const zone: Zone = (name) => {
  if (name.startsWith('dead')) return undefined
  return name.startsWith('live') ? { addresses: ['127.0.0.1'] } : { code: 3 }
}

async function filesOf(
  t: Test,
  answers: Zone,
  more: OwnFiles = {},
  servers = 1,
): Promise<OwnFiles & { asked: string[] }> {
  const all = await Promise.all(Array.from({ length: servers }, () => startNameServer(t, answers)))
  const resolv = all.map(({ address }) => `nameserver ${address}\n`).join('')
  const files = {
    'resolv.conf': resolv,
    hosts: '127.0.0.1 localhost\n',
    'nsswitch.conf': 'hosts: files dns\n',
    ...more,
  }
  return Object.defineProperty(files, 'asked', { value: all[0]?.asked }) as typeof files & { asked: string[] }
}

async function check(files: OwnFiles, argv: readonly string[], env = process.env, node = process.execPath) {
  const ended = await runWithFiles(files, [node, bundle, '--json', ...argv], env)
  const report: CheckReport = JSON.parse(ended.stdout)
  const verdicts = Object.fromEntries(report.targets.map(({ url, verdict }) => [new URL(url).hostname, verdict]))
  return { ...ended, report, verdicts, reason: report.targets[0]?.reasons[0] ?? '' }
}

for (const { version, path } of nodes) {
  t.test(`Node ${version}: names without an answer delay no other target`, { skip }, async (t) => {
    const { port } = new URL(await startService(t, timeService()))
    const files = await filesOf(t, zone)
    const url = (name: string) => `http://${name}.t:${port}`
    const dead = ['dead1', 'dead2', 'dead3', 'dead4'].map(url)
    const live = Array.from({ length: 12 }, (_, index) => url(`live${index}`))
    const { verdicts, tookMs } = await check(
      files,
      ['--timeout', '2s', '--samples', '1', ...dead, ...live],
      process.env,
      path,
    )
    for (const [name, verdict] of Object.entries(verdicts))
      t.equal(verdict, name.startsWith('dead') ? 'unknown' : 'ok', name)
    // getaddrinfo would delay the end by at least 10 s.
    t.ok(tookMs < 2000 + 5000, `${tookMs} ms`)
  })

  t.test(`Node ${version}: the exporter answers while other probes wait for a name`, { skip }, async (t) => {
    const { port } = new URL(await startService(t, timeService()))
    const child = spawnWithFiles(await filesOf(t, zone), [path, bundle, '--serve', '127.0.0.1:0', '--timeout', '20s'])
    t.teardown(() => child.kill('SIGKILL'))
    const exporter = await new Promise<string>((resolve) => {
      child.stderr.on('data', (said) => resolve(/serving (\S+)\/metrics/.exec(String(said))?.[1] ?? ''))
    })
    const gone = new AbortController()
    const probe = (name: string) =>
      fetch(`${exporter}/probe?target=http://${name}.t:${port}`, { signal: gone.signal }).then((found) => found.text())
    const waiting = ['dead1', 'dead2', 'dead3', 'dead4', 'dead5'].map((name) => probe(name).catch(() => 'gone'))
    t.match(await probe('live'), /\nprobe_success 1\n/)
    gone.abort()
    t.same(await Promise.all(waiting), Array(5).fill('gone'), 'while they were in progress')
  })
}

t.test('the run ends at its deadline with one or three silent name servers', { skip }, async (t) => {
  for (const servers of [1, 3]) {
    const files = await filesOf(t, zone, {}, servers)
    const { reason, verdicts, tookMs } = await check(files, ['--timeout', '1s', 'http://dead.t'])
    t.same(verdicts, { 'dead.t': 'unknown' })
    t.match(reason, /^the host name could not be looked up/)
    t.ok(tookMs < 1000 + 5000, `${tookMs} ms`)
  }
})

t.test('one working name server of three is enough', { skip }, async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const [silent, failing, good] = await Promise.all([
    startNameServer(t, () => undefined),
    startNameServer(t, () => ({ code: 2 })),
    startNameServer(t, zone),
  ])
  for (const order of [
    [silent, failing, good],
    [failing, silent, good],
    [good, silent],
  ]) {
    const resolv = order.map(({ address }) => `nameserver ${address}\n`).join('')
    const files = { 'resolv.conf': resolv }
    t.match(await check(files, ['--timeout', '4s', '--samples', '1', `http://live.t:${port}`]), {
      verdicts: { 'live.t': 'ok' },
    })
  }
})

t.test('look-ups for redirects, notices, mail, heartbeat and time servers end with the run', { skip }, async (t) => {
  const files = await filesOf(t, zone)
  const { port } = new URL(
    await startService(t, (_, response) => response.writeHead(302, { location: 'http://dead.t/' }).end()),
  )
  const state = join(t.testdir(), 'state.json')
  const argv = [
    ...['--timeout', '3s', '--follow-redirects', '1', '--state', state, '--failures', '1', '--ntp', 'dead-ntp.t'],
    ...['--notify', 'http://dead-hook.t/', '--notify', 'smtp://dead-mail.t?to=a@example.org'],
    ...['--notify', 'sns:arn:aws:sns:eu-west-1:123456789012:alarms', '--heartbeat', 'https://dead-beat.t/'],
    `http://live.t:${port}`,
  ]
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL: 'http://dead-sns.t',
  }
  const { code, stderr, tookMs } = await check(files, argv, env)
  t.equal(code, 2)
  for (const name of ['dead', 'dead-ntp', 'dead-hook', 'dead-mail', 'dead-beat', 'dead-sns'])
    t.ok(files.asked.includes(`${name}.t 4`), `the test's name server was asked for ${name}`)
  for (const channel of ['webhook dead-hook.t', 'mail through dead-mail.t', 'sns alarms', 'heartbeat dead-beat.t'])
    t.match(stderr, channel)
  t.ok(tookMs < 3000 + 5000, `${tookMs} ms`)
})

t.test('an unknown proxy name takes no longer than the deadline', { skip }, async (t) => {
  const url = await startService(t, timeService())
  const env = { ...process.env, http_proxy: 'http://dead-proxy.t:3128' }
  const { code, stderr, tookMs } = await check(
    await filesOf(t, zone),
    ['--timeout', '2s', '--samples', '1', '--max-offset', '9s', '--heartbeat', 'http://beat.t/', url],
    env,
  )
  t.equal(code, 0)
  t.match(stderr, /^error: the proxy dead-proxy\.t:3128: /)
  t.ok(tookMs < 2000 + 5000, `${tookMs} ms`)
})

t.test('a slow answer is used, even after many quick ones and repeated queries', { skip }, async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const answers: Zone = (name) => ({ addresses: ['127.0.0.1'], afterMs: name.startsWith('slow') ? 3500 : 0 })
  const names = [...Array.from({ length: 40 }, (_, index) => `quick${index}.t`), 'slow.t']
  const urls = names.map((name) => `http://${name}:${port}`)
  const { verdicts } = await check(await filesOf(t, answers), [
    '--timeout',
    '15s',
    '--samples',
    '1',
    '--max-offset',
    '9s',
    ...urls,
  ])
  t.same(verdicts, Object.fromEntries(names.map((name) => [name, 'ok'])))
})

t.test('repeats a lost query', { skip }, async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const asked = new Set<string>()
  const answers: Zone = (name, family) => {
    const isFirst = !asked.has(`${name} ${family}`)
    asked.add(`${name} ${family}`)
    return isFirst ? undefined : { addresses: ['127.0.0.1'] }
  }
  const argv = ['--timeout', '8s', '--samples', '1', '--max-offset', '9s', `http://lost.t:${port}`]
  t.same((await check(await filesOf(t, answers), argv)).verdicts, { 'lost.t': 'ok' })
})

t.test('every kind of name server response gets its message and verdict', { skip }, async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const good = { addresses: ['127.0.0.1'] }
  const lie = (query: Buffer) => {
    const otherId = answerTo(query, { addresses: ['127.0.0.66'] })
    otherId.writeUInt16BE((otherId.readUInt16BE(0) + 1) & 0xffff, 0)
    const otherName = answerTo(query, { addresses: ['127.0.0.66'] })
    otherName.write('evil', 13, 'latin1')
    return [otherId, otherName, answerTo(query, good)]
  }
  const answers: Record<string, Zone> = {
    'slow.t': () => ({ ...good, afterMs: 1500 }),
    'half.t': (_, family) => (family === 4 ? good : undefined),
    'other-half.t': (_, family) => (family === 4 ? good : { code: 2 }),
    'lies.t': () => ({ instead: lie }),
    'garbage.t': () => ({ instead: () => [Buffer.from('no dns')] }),
    'long.t': () => ({ ...good, instead: (query) => [answerTo(query, {}, true)] }),
    'twice.t': () => ({ addresses: ['127.0.0.1', '127.0.0.1'] }),
    'none.t': () => ({}),
    'alias.t': () => ({ alias: 'gone.t' }),
    'fails.t': () => ({ code: 2 }),
    'refused.t': () => ({ code: 5 }),
  }
  const files = await filesOf(t, (name, family) => (answers[name] ?? (() => ({ code: 3 })))(name, family))
  const names = [...Object.keys(answers), 'no-such.t']
  const { report } = await check(files, [
    '--timeout',
    '6s',
    '--samples',
    '1',
    ...names.map((name) => `http://${name}:${port}`),
  ])
  const told = report.targets.map(({ url, verdict, reasons }) => [new URL(url).hostname, verdict, ...reasons])
  const failed = 'the host name could not be looked up: the name server failed'
  t.same(told, [
    ['slow.t', 'ok'],
    ['half.t', 'ok'],
    ['other-half.t', 'ok'],
    ['lies.t', 'ok'],
    ['garbage.t', 'unknown', failed],
    ['long.t', 'ok'],
    ['twice.t', 'ok'],
    ['none.t', 'critical', 'the host name has no address'],
    ['alias.t', 'critical', 'the host name has no address'],
    ['fails.t', 'unknown', failed],
    ['refused.t', 'unknown', failed],
    ['no-such.t', 'critical', 'the host name does not exist'],
  ])
  const nobody = new URL(await freeUrl()).port
  const { reason } = await check({ 'resolv.conf': `nameserver 127.0.0.1:${nobody}\n` }, ['http://a.t'])
  t.equal(reason, 'the host name could not be looked up: the name server does not answer the checker')
})

t.test('the hosts file comes first, and the search list completes short names', { skip }, async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const known = new Set(['short.corp.t', 'deep.svc.cluster.t'])
  const answers: Zone = (name) => (known.has(name) ? { addresses: ['127.0.0.1'] } : { code: 3 })
  const server = await startNameServer(t, answers)
  const files = {
    'resolv.conf': `nameserver ${server.address}\nsearch nowhere.t corp.t cluster.t\noptions ndots:2\n`,
    hosts: '# ours\n127.0.0.1\tlocalhost written.t Alias\n::1 written.t # both\nnonsense bad.t\n',
  }
  const verdict = async (name: string) =>
    (await check(files, ['--samples', '1', `http://${name}:${port}`])).verdicts[name]
  for (const name of ['short', 'short.corp.t.', 'deep.svc', 'alias', 'sub.localhost'])
    t.equal(await verdict(name), 'ok', name)
  t.equal(await verdict('short.'), 'critical', 'complete, as it ends with a dot')
  t.equal(await verdict('bad.t'), 'critical')
  const { report } = await check(files, [`http://written.t:${port}`])
  t.match(report.targets, [
    { address: '127.0.0.1', verdict: 'ok' },
    { address: '::1', verdict: 'critical' },
  ])
  t.notOk(server.asked.some((name) => /written|alias|localhost/.test(name)))
})

t.test('asks the system in a separate process that ends with the deadline', { skip }, async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const folder = t.testdir({
    getent: '#!/bin/sh\ncase $2 in printer*) echo "127.0.0.1 STREAM x";; *) sleep 60;; esac\n',
  })
  chmodSync(join(folder, 'getent'), 0o755)
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
  const files = await filesOf(t, () => ({ code: 3 }), {
    'nsswitch.conf': 'hosts: files mdns4_minimal [NOTFOUND=return] dns\n',
  })
  const argv = [
    '--timeout',
    '3s',
    '--samples',
    '1',
    `http://printer.local:${port}`,
    `http://printer:${port}`,
    'http://other',
  ]
  const { verdicts, tookMs } = await check(files, argv, env)
  t.same(verdicts, { 'printer.local': 'ok', printer: 'ok', other: 'unknown' })
  t.notOk(files.asked.includes('printer.local 4'), 'RFC 6762')
  t.ok(tookMs < 3000 + 5000, `${tookMs} ms`)
  const plain = await filesOf(t, () => ({ code: 3 }))
  t.equal(
    (await check(plain, [`http://printer:${port}`], env)).verdicts['printer'],
    'critical',
    'nsswitch.conf lists no other source',
  )
})

// needs: haproxy
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { type HaproxySettings, renderHaproxyConfig, serverWords } from './haproxy-config.ts'

const settings: HaproxySettings = {
  name: 'timeapp',
  bindHost: '127.0.0.1',
  bindPort: 8080,
  socketPath: '/tmp/bakeroll/haproxy.sock',
  pidFile: '/tmp/bakeroll/haproxy.pid',
  servers: [
    { id: 'i-1', host: '127.10.0.1', port: 8080 },
    { id: 'i-2', host: '127.10.0.2', port: 8081, drained: true },
  ],
  checkIntervalMs: 1000,
  checkTimeoutMs: 900,
  checkPath: '/healthz',
  answerSeconds: 60,
  connectTimeoutMs: 5000,
  queueTimeoutMs: 30_000,
  rise: 2,
  fall: 3,
  drainTimeoutMs: 30_000,
}

async function haproxyChecks(t: { teardown(handler: () => unknown): void }, config: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'haproxy-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'cfg'), config)
  const PATH = `${process.env.PATH}:/usr/sbin`
  const { stdout, stderr } = await promisify(execFile)('haproxy', ['-c', '-f', join(folder, 'cfg')], { env: { PATH } })
  return stdout + stderr
}

t.test('server lines name the same set to a restarted HAProxy, drained servers out of the rotation', async (t) => {
  const lines = renderHaproxyConfig(settings).split('\n')
  const check = 'check inter 1000 fastinter 500 rise 2 fall 3 pool-max-conn 100 pool-purge-delay 5s'
  t.strictSame(
    lines.filter((line) => line.startsWith('  server ')),
    [`  server i-1 127.10.0.1:8080 ${check}`, `  server i-2 127.10.0.2:8081 ${check} disabled`],
  )
})

t.test('the words of a server at run time are those of the file', async (t) => {
  const server = { id: 'i-1', host: '127.10.0.1', port: 8080 }
  t.ok(renderHaproxyConfig(settings).includes(`server i-1 ${serverWords(server, settings).join(' ')}\n`))
})

t.test('haproxy accepts the file without a warning', async (t) => {
  const cases = {
    'two servers': settings,
    'no server': { ...settings, servers: [] },
    'paths with quotes, spaces and dollars': {
      ...settings,
      socketPath: `/tmp/it's "a" $HOME/s`,
      pidFile: `/tmp/a b#'c/p`,
    },
    'started by root': { ...settings, jail: `/tmp/it's "a" $HOME/empty` },
  }
  for (const [name, settings] of Object.entries(cases)) {
    t.equal(await haproxyChecks(t, renderHaproxyConfig(settings)), 'Configuration file is valid\n', name)
  }
})

t.test("the waits that a slow instance decides are the settings' own", async (t) => {
  const lines = renderHaproxyConfig({ ...settings, connectTimeoutMs: 15_000, queueTimeoutMs: 60_000 }).split('\n')
  for (const line of ['timeout check 900ms', 'timeout connect 15000ms', 'timeout queue 60000ms']) {
    t.ok(lines.includes(`  ${line}`), line)
  }
})

t.test('what HAProxy would misread is refused', async (t) => {
  const server = { id: 'i-1', host: '127.10.0.1', port: 8080 }
  const message = (text: string) => `expected letters, digits and _ . : - only, got ${text}`
  const cases: [Partial<HaproxySettings>, string][] = [
    [{ servers: [{ ...server, id: 'a b' }] }, message('"a b"')],
    [{ servers: [{ ...server, host: 'h\n' }] }, message('"h\\n"')],
    [{ name: 'a;b' }, message('"a;b"')],
    [{ pidFile: '/a\nb' }, 'a path must be one line, got "/a\\nb"'],
  ]
  for (const [change, message] of cases) {
    t.throws(() => renderHaproxyConfig({ ...settings, ...change }), { kind: 'usage', message })
  }
})

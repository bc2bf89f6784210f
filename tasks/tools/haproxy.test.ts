// needs: haproxy
import { existsSync } from 'node:fs'
import { readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import t from 'tap'
import { haproxyState, startArguments, startHaproxy, stopHaproxy, validateArguments } from './haproxy.ts'
import { ask, prepareBalancer, runBackend, runBalancer } from './haproxy-fixture.ts'
import { listServers } from './haproxy-runtime.ts'

t.test('arguments', async (t) => {
  const files = { configFile: '/a b/haproxy.cfg', pidFile: '/a b/pid', socketPath: '/c d/socket' }
  t.strictSame(validateArguments(files), ['-c', '-C', '/c d', '-f', '/a b/haproxy.cfg'])
  t.strictSame(startArguments(files), ['-D', '-C', '/c d', '-f', '/a b/haproxy.cfg'])
})

t.test('without servers it starts and says so', async (t) => {
  const balancer = await runBalancer(t, [])
  const { status, body, headers } = await ask(balancer)
  t.strictSame({ status, body }, { status: 503, body: '503 no instance is in service\n' })
  t.match(headers, {
    'content-type': 'text/plain',
    'cache-control': 'no-store',
    'retry-after': '5',
  })
  t.strictSame(await listServers(balancer.socketPath), [])
})

t.test('the folder of its socket may lie deeper than the address of a socket is long', async (t) => {
  const balancer = await prepareBalancer(t, [], join("it's, 50% ä", 'x'.repeat(200)))
  t.equal(await startHaproxy(balancer), 'started')
  t.strictSame(await listServers(balancer.socketPath), [])
  t.equal(await stopHaproxy(balancer), 'stopped')
  t.notOk(existsSync(balancer.socketPath))
})

t.test("what is its own is nobody else's", async (t) => {
  const balancer = await runBalancer(t, [])
  t.equal((await stat(balancer.socketPath)).mode & 0o777, 0o600)
  t.equal((await stat(balancer.pidFile)).mode & 0o777, 0o600)
})

const isRoot = process.getuid?.() === 0

t.test('started by root it gives up being root', { skip: !isRoot && 'only root can' }, async (t) => {
  const balancer = await runBalancer(t, [await runBackend(t, 'i-1')])
  const pid = (await readFile(balancer.pidFile, 'utf8')).trim()
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const { stdout: user } = await execa('id', ['-u', 'haproxy'])
  t.match(status, new RegExp(`^Uid:\\s${user}\\s${user}\\s`, 'm'))
  t.match(status, /^CapEff:\s0+$/m)
  t.equal(await readlink(`/proc/${pid}/root`), join(dirname(balancer.socketPath), 'empty'))
  t.match(await ask(balancer), { status: 200, body: 'i-1' })
  t.match(await listServers(balancer.socketPath), [{ id: 'i-1' }])
})

t.test('starts once, stops once', async (t) => {
  const balancer = await prepareBalancer(t, [])
  t.equal(await haproxyState(balancer), 'stopped')
  t.equal(await startHaproxy(balancer), 'started')
  t.equal(await startHaproxy(balancer), 'unchanged')
  t.equal(await haproxyState(balancer), 'running')
  t.equal(await stopHaproxy(balancer), 'stopped')
  t.equal(await stopHaproxy(balancer), 'unchanged')
  t.equal(await haproxyState(balancer), 'stopped')
  await t.rejects(ask(balancer))
})

t.test('a soft stop lets a running request finish', async (t) => {
  const balancer = await runBalancer(t, [await runBackend(t, 'i-1')])
  const slow = ask(balancer, '/slow')
  await sleep(300)
  t.equal(await stopHaproxy(balancer), 'stopped')
  t.match(await slow, { status: 200, body: 'i-1' })
})

t.test('after kill -9 it is stopped, and a new start knows the servers', async (t) => {
  const balancer = await runBalancer(t, [await runBackend(t, 'i-1')])
  process.kill(Number(await readFile(balancer.pidFile, 'utf8')), 'SIGKILL')
  while ((await haproxyState(balancer)) === 'running') await sleep(10)
  t.equal(await listServers(balancer.socketPath), 'stopped')
  t.equal(await startHaproxy(balancer), 'started')
  t.match(await listServers(balancer.socketPath), [{ id: 'i-1', admin: 'ready' }])
  t.match(await ask(balancer), { status: 200, body: 'i-1' })
})

t.test('a pid file that names another program stops nobody', async (t) => {
  const balancer = await prepareBalancer(t, [])
  await writeFile(balancer.pidFile, `${process.pid}\n`)
  t.equal(await haproxyState(balancer), 'stopped')
  t.equal(await stopHaproxy(balancer), 'unchanged')
  t.equal(await startHaproxy(balancer), 'started')
})

t.test('a taken port is refused', async (t) => {
  const balancer = await prepareBalancer(t, [])
  const other = createServer().listen(balancer.bindPort, balancer.bindHost)
  t.teardown(() => other.close())
  await t.rejects(startHaproxy(balancer), {
    kind: 'refused',
    message: `127.0.0.1:${balancer.bindPort} is used by another program`,
    hint: 'choose another port, e.g. export BAKEROLL_LOCAL_PORT=8080',
  })
  t.equal(await haproxyState(balancer), 'stopped')
})

t.test('the port of another load balancer is refused', async (t) => {
  const [first, second] = [await runBalancer(t, []), await prepareBalancer(t, [])]
  await t.rejects(startHaproxy({ ...second, bindPort: first.bindPort }), { kind: 'refused', message: /is used/ })
})

t.test('a broken configuration is told in the words of HAProxy', async (t) => {
  const balancer = await prepareBalancer(t, [])
  await writeFile(balancer.configFile, 'global\n  nonsense\n')
  await t.rejects(startHaproxy(balancer), { kind: 'failed', message: /unknown keyword 'nonsense' in 'global' section/ })
})

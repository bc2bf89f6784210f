// needs: python3
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { askServers } from '../checker/own-clock/ask-servers.ts'
import { askDaemon } from '../checker/own-clock/daemon.ts'
import { startNtpServer } from '../checker/own-clock/fixtures/ntp-server.ts'
import { parseTimeServers } from '../checker/own-clock/servers.ts'
import { answer } from '../tasks/tools/metadata-service.ts'
import { findProgram } from '../tasks/tools/system-packages.ts'

const execute = promisify(execFile)

const folders = findProgram('chronyd') === undefined ? await unpackChrony() : undefined
const [chronyd, chronyc] = ['chronyd', 'chronyc'].map((name) => findProgram(name, folders))
const skip = (await runs(chronyd)) && (await runs(chronyc)) ? false : 'chrony is not here, and could not be fetched'

/**
 * The programs of Debian's package without installing it, which would remove the computer's own time service; the folders
 * that hold them. Nothing is found there when it could not be fetched.
 */
async function unpackChrony(): Promise<string[]> {
  const folder = t.testdir()
  try {
    await execute('apt-get', ['download', 'chrony'], { cwd: folder })
    const [archive = ''] = readdirSync(folder)
    await execute('dpkg', ['-x', archive, '.'], { cwd: folder })
  } catch (error) {
    t.comment(error instanceof Error ? error.message : error)
  }
  return [join(folder, 'usr/sbin'), join(folder, 'usr/bin')]
}

async function runs(program: string | undefined): Promise<boolean> {
  if (program === undefined) return false
  return execute(program, ['--version']).then(
    () => true,
    () => false,
  )
}

/** A chronyd of our own that leaves the clock alone and needs no privilege; returns its port and a chronyc that asks it. */
async function startChronyd(t: Test, lines: string): Promise<{ readonly port: number; readonly folders: string[] }> {
  // The path of a socket may have 107 characters only, and its folder must be its owner's alone.
  const folder = await mkdtemp(join(tmpdir(), 'chrony-'))
  const port = await freePort()
  const socket = join(folder, 'd.sock')
  const config = `port ${port}\nbindaddress 127.0.0.1\nallow 127.0.0.1\ncmdport 0\nbindcmdaddress ${socket}
pidfile ${join(folder, 'pid')}\n${lines}\n`
  writeFileSync(join(folder, 'conf'), config)
  writeFileSync(join(folder, 'chronyc'), `#!/bin/sh\nexec '${chronyc}' -h '${socket}' "$@"\n`)
  chmodSync(join(folder, 'chronyc'), 0o755)
  const argv = ['-x', '-U', '-d', '-f', join(folder, 'conf'), '-u', userInfo().username]
  const daemon = spawn(chronyd ?? '', argv, { stdio: 'ignore' })
  const ended = new Promise((resolve) => daemon.once('exit', resolve))
  t.teardown(async () => {
    daemon.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true })
  })
  await until(t, join(folder, 'chronyc'), () => true)
  return { port, folders: [folder] }
}

/** Asks until chronyd says what is waited for. */
async function until(t: Test, chronyc: string, isRight: (line: string) => boolean): Promise<string> {
  for (let tries = 0; tries < 600; tries += 1) {
    const { stdout } = await execute(chronyc, ['-c', 'tracking']).catch(() => ({ stdout: '' }))
    if (stdout !== '' && isRight(stdout)) return stdout
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.fail('chronyd never said so')
  return ''
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}

t.test('a real chronyd as the time server: our clock is its clock', { skip }, async (t) => {
  const { port } = await startChronyd(t, 'local stratum 3')
  const clock = await askServers(parseTimeServers(`127.0.0.1:${port}`) ?? [], 10_000)
  if (clock.state !== 'trusted') throw new Error(JSON.stringify(clock))
  t.ok(Math.abs(clock.offsetMs) <= clock.errorMs, JSON.stringify(clock))
})

t.test('a real chronyd that has no source says so, to us and to its own chronyc', { skip }, async (t) => {
  const { port, folders } = await startChronyd(t, '')
  t.match(await askServers(parseTimeServers(`127.0.0.1:${port}`) ?? [], 10_000), {
    state: 'unknown',
    reason: /127\.0\.0\.1: not synchronised itself/,
  })
  t.same(await askDaemon(60_000, folders), { state: 'unknown', reason: 'chrony is not synchronised' })
})

t.test('chronyc of a chronyd that follows itself', { skip }, async (t) => {
  const { folders } = await startChronyd(t, 'local stratum 3')
  t.same(await askDaemon(60_000, folders), { state: 'unknown', reason: 'chrony follows its own clock' })
})

for (const offsetMs of [300, -300]) {
  t.test(`chronyc of a chronyd whose source is ${offsetMs} ms ahead of us`, { skip }, async (t) => {
    const { name } = await startNtpServer(t, { offsetMs })
    const source = name.replace(':', ' port ')
    const { folders } = await startChronyd(t, `server ${source} iburst minpoll 0 maxpoll 0`)
    await until(t, join(folders[0] ?? '', 'chronyc'), (line) => !line.includes('Not synchronised'))
    const clock = await askDaemon(60_000, folders)
    if (clock.state !== 'trusted') throw new Error(JSON.stringify(clock))
    // The server of the test itself reads a clock that Node set at its start.
    t.ok(Math.abs(clock.offsetMs + offsetMs) <= clock.errorMs + 2, JSON.stringify(clock))
    t.ok(Math.abs(clock.offsetMs + offsetMs) < 150, 'told by the other sign it would be 600 ms away')
    t.equal(clock.source, 'chrony (127.0.0.1)')
  })
}

/** bakeroll-time, asking `service` and telling a chronyd of ours, in seconds in place of minutes; what it said, and its end. */
function startMachineTime(t: Test, service: string, socket: string) {
  const constants = { SERVICE: service, SOCKET: socket }
  let script = readFileSync(join(import.meta.dirname, '../ansible/roles/time/files/bakeroll-time'), 'utf8')
  for (const [name, value] of Object.entries(constants)) {
    script = script.replace(new RegExp(`^${name} = .*$`, 'm'), `${name} = ${JSON.stringify(value)}`)
  }
  script = script
    .replace(/^ROW, ROW_SECONDS = .*$/m, 'ROW, ROW_SECONDS = 4, 0.2')
    .replace(/^REST_.*$/m, 'REST_SECONDS = 1')
  const feeder = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [feeder.stdout, feeder.stderr])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const ended = once(feeder, 'exit')
  t.teardown(async () => {
    feeder.kill('SIGKILL')
    await ended
  })
  return { said: () => said, ended }
}

/** The metadata stand-in on loopback, behind a clock that is off; gives its address. */
async function startMetadata(t: Test, { aheadMs = 0, hasTime = true } = {}): Promise<string> {
  const server = createServer((request, response) => {
    if (hasTime || request.url !== '/bakeroll/time')
      return answer({}, request, response, { now: () => Date.now() + aheadMs })
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const aheadMs of [0, 90_000, -700]) {
  t.test(`the computer below is ${aheadMs} ms ahead: a real chronyd hears it by bakeroll-time`, { skip }, async (t) => {
    const service = await startMetadata(t, { aheadMs })
    const socket = join(await mkdtemp(join(tmpdir(), 'chrony-')), 'time.sock')
    const { folders } = await startChronyd(t, `refclock SOCK ${socket} refid HOST stratum 10 poll 0 delay 0.05`)
    const { said } = startMachineTime(t, service, socket)
    const tracking = await until(t, join(folders[0] ?? '', 'chronyc'), (line) => !line.includes('Not synchronised'))
    const [, name, stratum, , offset] = tracking.split(',')
    t.match({ name, stratum }, { name: 'HOST', stratum: '11' })
    // chronyc tells how far the system's clock is behind; this chronyd leaves it alone.
    t.ok(Math.abs(Number(offset) * 1000 - aheadMs) < 50, `${offset} s`)
    t.equal(said(), '')
  })
}

t.test('a metadata service that tells no time ends it, in good order', { skip }, async (t) => {
  const { said, ended } = startMachineTime(t, await startMetadata(t, { hasTime: false }), '/nonexistent')
  t.strictSame(await ended, [0, null])
  t.equal(said(), 'the metadata service tells no time: nothing to do\n')
})

t.test('a fault is told once while it lasts', { skip }, async (t) => {
  const { said } = startMachineTime(t, '127.0.0.1:1', '/nonexistent')
  while (said() === '') await new Promise((resolve) => setTimeout(resolve, 50))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  t.match(said(), /^no time from the metadata service: ConnectionRefusedError\(.*\)\n$/)
})

// needs: ssh-keygen
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { homeAt } from '../home.ts'
import { operatorKey } from '../operator-key.ts'
import {
  consoleOf,
  type InstanceRecord,
  instanceFiles,
  instanceRuns,
  knownHostsOf,
  launchInstance,
  listInstances,
  setDraining,
  terminateInstance,
} from './instances.ts'
import { writeStateFile } from './state-file.ts'

const record: InstanceRecord = {
  id: 'i-1',
  imageId: '1.4.0-x',
  release: '1.4.0',
  host: '127.10.0.1',
  httpPort: 8080,
  sshPort: 2222,
  startedAt: '2026-01-01T00:00:00.000Z',
  draining: false,
}

async function addInstance(folder: string, instance = record): Promise<void> {
  const files = instanceFiles(folder, instance.id)
  mkdirSync(files.folder, { recursive: true })
  await writeStateFile(files.record, instance)
}

/** A stand-in of the instance's machine: a process whose command line names the pid file. */
async function runMachine(
  t: { teardown(handler: () => unknown): void },
  folder: string,
  id: string,
): Promise<ChildProcess> {
  const { pidFile } = instanceFiles(folder, id)
  const code = `setInterval(() => undefined, 60_000); console.log('ready')`
  const child = spawn(process.execPath, ['-e', code, '--', pidFile], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  writeFileSync(pidFile, `${child.pid}\n`)
  return child
}

t.test('every folder is an instance, one with an unreadable record too', async (t) => {
  const folder = t.testdir()
  t.strictSame(listInstances(folder), [])
  await addInstance(folder)
  mkdirSync(instanceFiles(folder, 'i-2').folder)
  mkdirSync(instanceFiles(folder, 'i-3').folder)
  for (const name of ['record', 'previous']) {
    writeFileSync(instanceFiles(folder, 'i-3').record + (name === 'previous' ? '.previous' : ''), '{"id": "i-')
  }
  mkdirSync(join(folder, 'instances', '.i-4.terminated'))
  const unreadable = {
    imageId: '',
    release: '',
    host: '127.0.0.1',
    httpPort: 0,
    sshPort: 0,
    draining: false,
    startedAt: '1970-01-01T00:00:00.000Z',
  }
  t.strictSame(listInstances(folder), [record, { ...unreadable, id: 'i-2' }, { ...unreadable, id: 'i-3' }])
})

t.test('an instance runs while its machine runs', async (t) => {
  const folder = t.testdir()
  await addInstance(folder)
  t.equal(instanceRuns(folder, 'i-1'), false)
  const machine = await runMachine(t, folder, 'i-1')
  t.equal(instanceRuns(folder, 'i-1'), true)
  const { record: file } = instanceFiles(folder, 'i-1')
  for (const path of [file, `${file}.previous`]) writeFileSync(path, '')
  t.equal(instanceRuns(folder, 'i-1'), false, 'nobody knows its address, so it cannot serve')
  const ended = once(machine, 'exit')
  await terminateInstance(folder, 'i-1')
  t.strictSame(await ended, [null, 'SIGTERM'], 'but its machine ends with it')
  t.strictSame(readdirSync(join(folder, 'instances')), [])
})

t.test('ending an instance that is not there, or half made, is no error', async (t) => {
  const folder = t.testdir()
  await terminateInstance(folder, 'i-1')
  mkdirSync(join(folder, 'instances', 'i-1'), { recursive: true })
  await terminateInstance(folder, 'i-1')
  await terminateInstance(folder, 'i-1')
  t.strictSame(readdirSync(join(folder, 'instances')), [])
  await addInstance(folder)
  writeFileSync(instanceFiles(folder, 'i-1').pidFile, `${process.pid}\n`)
  await terminateInstance(folder, 'i-1')
  t.strictSame(readdirSync(join(folder, 'instances')), [], 'a stale pid file harms nobody')
})

t.test('instances ended at once end all, with what a killed run left', async (t) => {
  const folder = t.testdir({ instances: { '.i-0.terminated': { 'disk.qcow2': 'x' } } })
  const ids = Array.from({ length: 10 }, (_, index) => `i-${index + 1}`)
  for (const id of ids) await addInstance(folder, { ...record, id })
  await Promise.all(ids.map((id) => terminateInstance(folder, id)))
  t.strictSame(readdirSync(join(folder, 'instances')), [])
})

t.test('draining is part of the record', async (t) => {
  const folder = t.testdir()
  await addInstance(folder)
  await setDraining(folder, record, true)
  t.strictSame(listInstances(folder), [{ ...record, draining: true }])
})

t.test('the host key is pinned once, from the console', async (t) => {
  const folder = t.testdir()
  await addInstance(folder)
  const files = instanceFiles(folder, 'i-1')
  const publish = (letter: string) => {
    const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`
    writeFileSync(files.console, `-----BEGIN SSH HOST KEY KEYS-----\r\n${key}\r\n-----END SSH HOST KEY KEYS-----\r\n`, {
      flag: 'a',
    })
    return key
  }
  t.equal(consoleOf(folder, 'i-1'), '', 'before its first word')
  t.equal(await knownHostsOf(folder, record), undefined)
  writeFileSync(files.console, '-----BEGIN SSH HOST KEY KEYS-----\r\n')
  t.equal(await knownHostsOf(folder, record), undefined)
  const key = publish('a')
  t.equal(await knownHostsOf(folder, record), files.knownHosts)
  publish('b')
  t.equal(await knownHostsOf(folder, record), files.knownHosts)
  t.equal(readFileSync(files.knownHosts, 'utf8'), `[127.10.0.1]:2222 ${key}\n`, 'a later key does not replace it')
})

t.test('an image that is not there launches nothing', async (t) => {
  const home = homeAt(t.testdir())
  const folder = join(home.groups, 'g')
  const machine = { accelerator: 'tcg', cpus: 1, memoryMib: 64, network: 'closed' } as const
  await t.rejects(launchInstance(home, folder, 'gone', machine), {
    kind: 'failed',
    message: /^the image gone is not in/,
  })
  t.notOk(existsSync(folder))
})

t.test('the key of a home is made once, for its user alone', async (t) => {
  const home = homeAt(t.testdir())
  const key = await operatorKey(home)
  t.match(key.publicKey, /^ssh-ed25519 AAAA\S+ bakeroll$/)
  t.equal(statSync(key.privateKeyFile).mode & 0o777, 0o600)
  t.equal(statSync(home.keys).mode & 0o777, 0o700)
  t.strictSame(await operatorKey(home), key)
  writeFileSync(join(home.keys, 'id_ed25519'), 'half a k')
  rmSync(`${key.privateKeyFile}.pub`)
  const made = await operatorKey(home)
  t.not(made.publicKey, key.publicKey, 'one that was killed while it was made is made again')
  t.match(readFileSync(made.privateKeyFile, 'utf8'), /^-----BEGIN OPENSSH PRIVATE KEY-----/)
})

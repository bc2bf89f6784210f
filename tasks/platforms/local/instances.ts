import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeAtomically } from '../../../checker/atomic-file.ts'
import { OperatorError } from '../../lib/errors.ts'
import { listenProblem } from '../../tools/ports.ts'
import { stopProcess } from '../../tools/process.ts'
import {
  type Accelerator,
  assertDisk,
  type Machine,
  machineRuns,
  type Network,
  startMachine,
  thinDisk,
} from '../../tools/qemu.ts'
import { runToEnd } from '../../tools/run-to-end.ts'
import { hostKeyFrom } from '../../tools/ssh.ts'
import { backingPath, foldersIn, type Home } from '../home.ts'
import { operatorKey } from '../operator-key.ts'
import { baseFiles, imageDisk, imageRecord } from './images.ts'
import { secretsFolder } from './secrets.ts'
import { readStateFile, writeStateFile } from './state-file.ts'

/** Stored in an instance's folder before its machine starts, so that no machine is ever unknown. */
export interface InstanceRecord {
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly host: string
  readonly httpPort: number
  readonly sshPort: number
  readonly startedAt: string
  readonly draining: boolean
}

export interface MachineSettings {
  readonly accelerator: Accelerator
  readonly cpus: number
  readonly memoryMib: number
  readonly network: Network
}

/** `folder` belongs to the owner: a group, or a bake that tests its image. */
export function instanceFiles(folder: string, id: string) {
  const home = join(folder, 'instances', id)
  return {
    folder: home,
    record: join(home, 'instance.json'),
    disk: join(home, 'disk.qcow2'),
    console: join(home, 'console.log'),
    pidFile: join(home, 'qemu.pid'),
    metadata: join(home, 'metadata.json'),
    /** A link to the owner's. */
    secrets: join(home, 'secrets'),
    knownHosts: join(home, 'known_hosts'),
  }
}

/** Every instance that has a folder. One with a damaged record is still listed, with its id only. */
export function listInstances(folder: string): InstanceRecord[] {
  return foldersIn(join(folder, 'instances')).map((id) => recordOf(folder, id) ?? unreadable(id))
}

function recordOf(folder: string, id: string): InstanceRecord | undefined {
  try {
    return readStateFile<InstanceRecord>(instanceFiles(folder, id).record)?.value
  } catch {
    return undefined
  }
}

function unreadable(id: string): InstanceRecord {
  const startedAt = new Date(0).toISOString()
  return { id, imageId: '', release: '', host: '127.0.0.1', httpPort: 0, sshPort: 0, startedAt, draining: false }
}

/** An instance with an unreadable record does not count as running. */
export function instanceRuns(folder: string, id: string): boolean {
  return machineRuns(instanceFiles(folder, id).pidFile) && recordOf(folder, id) !== undefined
}

/** Ports of an instance, on an address of its own. */
const httpPort = 8080
const sshPort = 2222

/** Launches an instance of an image; returns its record once the machine is on. */
export async function launchInstance(
  home: Home,
  folder: string,
  imageId: string,
  settings: MachineSettings,
): Promise<InstanceRecord> {
  const image = imageRecord(home, imageId)
  const base = baseFiles(home, image.base)
  const id = `i-${randomBytes(6).toString('hex')}`
  const files = instanceFiles(folder, id)
  let host: string | undefined
  for (const one of freeHosts(folder)) {
    const problem = (await listenProblem(one, httpPort)) ?? (await listenProblem(one, sshPort))
    if (problem !== undefined) continue
    host = one
    break
  }
  if (host === undefined) {
    throw new OperatorError('refused', 'no loopback address is free for another instance', { hint: 'npm run status' })
  }
  const record: InstanceRecord = {
    id,
    imageId,
    release: image.release,
    host,
    httpPort,
    sshPort,
    startedAt: new Date().toISOString(),
    draining: false,
  }
  await mkdir(files.folder, { recursive: true, mode: 0o700 })
  await writeStateFile(files.record, record)
  const { publicKey } = await operatorKey(home)
  await writeFile(files.metadata, JSON.stringify(metadataOf(id, publicKey)), { mode: 0o600 })
  await mkdir(secretsFolder(folder), { recursive: true, mode: 0o700 })
  await symlink(relative(files.folder, secretsFolder(folder)), files.secrets)
  assertDisk(await runToEnd(thinDisk(files.disk, backingPath(files.disk, imageDisk(home, imageId)))))
  await startMachine(machineOf(folder, record, settings, base))
  return record
}

function metadataOf(id: string, publicKey: string): Record<string, string> {
  return {
    'instance-id': id,
    'placement/availability-zone': 'local-1a',
    'public-keys/0/openssh-key': publicKey,
    // Where the service's secrets are (ansible/roles/service/files/bakeroll-service).
    '/latest/user-data': JSON.stringify({ secrets: 'metadata' }),
  }
}

function machineOf(
  folder: string,
  record: InstanceRecord,
  settings: MachineSettings,
  kernel: { kernel: string; initrd: string },
): Machine {
  const files = instanceFiles(folder, record.id)
  return {
    ...settings,
    name: `bakeroll ${record.id}`,
    disk: files.disk,
    kernel: kernel.kernel,
    initrd: kernel.initrd,
    consoleFile: files.console,
    pidFile: files.pidFile,
    metadataFile: files.metadata,
    forwards: [
      { host: record.host, port: record.httpPort, to: 80 },
      { host: record.host, port: record.sshPort, to: 22 },
    ],
  }
}

/**
 * Stops an instance and removes its folder. A rename takes it off the list first, so that a kill leaves nothing half
 * removed; the next call removes what is left on disk.
 */
export async function terminateInstance(folder: string, id: string): Promise<void> {
  const files = instanceFiles(folder, id)
  const all = join(folder, 'instances')
  if (existsSync(files.folder)) {
    await stopProcess(files.pidFile)
    await rename(files.folder, join(all, `.${id}.terminated`))
  }
  const gone = existsSync(all) ? readdirSync(all).filter((name) => name.endsWith('.terminated')) : []
  await Promise.all(gone.map((name) => rm(join(all, name), { recursive: true, force: true })))
}

export async function setDraining(folder: string, record: InstanceRecord, draining: boolean): Promise<void> {
  await writeStateFile(instanceFiles(folder, record.id).record, { ...record, draining })
}

/** Serial console output; empty before the first line. */
export function consoleOf(folder: string, id: string): string {
  const file = instanceFiles(folder, id).console
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/**
 * The known-hosts file of an instance, written once its serial console shows the SSH host key; undefined until then.
 */
export async function knownHostsOf(folder: string, record: InstanceRecord): Promise<string | undefined> {
  const file = instanceFiles(folder, record.id).knownHosts
  if (existsSync(file)) return file
  const key = hostKeyFrom(consoleOf(folder, record.id))
  if (key === undefined) return undefined
  writeAtomically(file, `[${record.host}]:${record.sshPort} ${key}\n`)
  return file
}

/** Free loopback addresses: Linux owns all of 127.0.0.0/8, so each home and group gets its own range. */
function freeHosts(folder: string): string[] {
  const [a = 0, b = 0] = createHash('sha256').update(folder).digest()
  const taken = new Set(listInstances(folder).map((instance) => instance.host))
  const all = Array.from({ length: 254 }, (_, index) => `127.${16 + (a % 224)}.${b}.${index + 1}`)
  return all.filter((host) => !taken.has(host))
}

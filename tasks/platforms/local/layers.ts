import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import type { Limits } from '../../lib/pace.ts'
import type { Progress } from '../../lib/progress.ts'
import { type DebianDisk, type DebianSystem, makeDebianDisk } from '../../tools/debian-disk.ts'
import { mitogenEnvironment } from '../../tools/mitogen.ts'
import { againWhenUnreachable, connectionEnvironment, packerBuild } from '../../tools/packer.ts'
import {
  assertDisk,
  flattening,
  kernelArguments,
  metadataNetwork,
  renamedBacking,
  sandbox,
  thinDisk,
} from '../../tools/qemu.ts'
import { runToEnd } from '../../tools/run-to-end.ts'
import { ansiblePlace } from '../ansible-place.ts'
import { backingPath, type Home } from '../home.ts'
import { operatorKey } from '../operator-key.ts'
import type { PlainPaths } from '../plain-paths.ts'
import type { Recipe } from '../recipe.ts'
import type { RoleVariables } from '../role-variables.ts'
import { addImage, baseFiles, type ImageRecord } from './images.ts'
import type { MachineSettings } from './instances.ts'
import { diskIn, hashOfSystem, keptDisk, removeKeptDisks } from './kept-disk.ts'
import { bakeMemoryMib } from './resources.ts'

/** Inputs of the base layer's disk besides the Ansible roles. */
export interface SourceSettings {
  readonly suite: string
  readonly diskGib: number
  readonly packages: readonly string[]
}

export interface LayerTask {
  readonly home: Home
  readonly release: string
  /** For both layers. */
  readonly variables: RoleVariables
  /** Use nothing from an earlier bake. */
  readonly force: boolean
  readonly source: SourceSettings
  readonly machine: MachineSettings
  /** Stand-ins for paths that outside programs cannot handle. */
  readonly paths: PlainPaths
  readonly limits: Limits
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** The folder is removed when the bake is done; the log stays. */
export interface Work {
  readonly folder: string
  readonly logFile: string
}

const project = join(import.meta.dirname, '../../..')

/** Parent of all work folders of a home. */
export function workFolder(home: Home): string {
  return join(home.folder, 'work')
}

export async function openWork(home: Home, name: string): Promise<Work> {
  const folder = join(workFolder(home), name)
  const logs = join(home.folder, 'logs')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mkdir(logs, { recursive: true, mode: 0o700 })
  return { folder, logFile: join(logs, `${name}.log`) }
}

/**
 * Makes the base layer: Debian with all packages at native speed, then the roles on a machine. Returns the name of its
 * folder, moved into place with one rename.
 */
export async function makeBase(task: LayerTask, recipe: Recipe): Promise<string> {
  const work = await openWork(task.home, `base-${recipe.base}`)
  const made = join(work.folder, 'base')
  await mkdir(made)
  const step = `Debian ${task.source.suite} with Docker, nginx and chrony`
  const wanted = { hash: await hashOfSystem(systemOf(task)), anew: task.force }
  const source = await keptDisk(task.home, wanted, (to) => task.progress.step(step, () => makeSource(task, to, work)))
  await task.progress.step('base layer by Packer and Ansible', async () => {
    await provision(task, work, 'base', source)
    const layer = diskIn(made)
    assertDisk(await runToEnd(flattening(join(work.folder, 'output', 'disk.qcow2'), layer.disk, 'qcow2')))
    await copyFile(source.kernel, layer.kernel)
    await copyFile(source.initrd, layer.initrd)
  })
  await mkdir(task.home.bases, { recursive: true, mode: 0o700 })
  const base = `${recipe.base}-${timestamp(new Date())}`
  await rename(made, baseFiles(task.home, base).folder)
  await removeKeptDisks(task.home)
  await rm(work.folder, { recursive: true })
  return base
}

/** `20261121113045`. */
function timestamp(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace(/\D/g, '')
}

/** Makes the image of a release, a thin disk over a base layer, not yet verified. */
export async function makeRelease(task: LayerTask, recipe: Recipe, base: string): Promise<ImageRecord> {
  const { content, digests, release, service } = recipe
  const now = new Date()
  const createdAt = now.toISOString()
  const id = `${release}-${timestamp(now)}-${content.slice(0, 6)}`
  const work = await openWork(task.home, `release-${id}`)
  const below = baseFiles(task.home, base)
  await provision(task, work, 'release', below)
  const folder = join(work.folder, 'output')
  // The builder's disk refers to the base by an absolute path, an image by a relative one.
  const backing = backingPath(join(task.home.images, id, 'disk.qcow2'), below.disk)
  assertDisk(await runToEnd(renamedBacking(join(folder, 'disk.qcow2'), backing)))
  const record = { id, release, service, createdAt, verified: false, contentHash: content, base, digests }
  await addImage(task.home, folder, record)
  await rm(work.folder, { recursive: true })
  return record
}

/** Makes the disk of a plain Debian system that Packer can log in to. */
export async function makeSource(task: LayerTask, to: DebianDisk, work: Work): Promise<void> {
  const { paths, signal } = task
  await makeDebianDisk(systemOf(task), to, { workFolder: paths.of(work.folder), logFile: work.logFile, signal })
}

function systemOf({ source, paths }: LayerTask): DebianSystem {
  const roles = paths.of(join(project, 'ansible/roles'))
  return {
    ...source,
    files: {
      '/usr/local/sbin/bakeroll-identity': join(roles, 'identity/files/bakeroll-identity'),
      '/etc/systemd/system/bakeroll-identity.service': join(roles, 'identity/files/bakeroll-identity.service'),
      '/etc/ssh/sshd_config.d/10-bakeroll.conf': join(roles, 'hardening/files/sshd.conf'),
    },
    finishScript: paths.of(join(project, 'packer/local-source.sh')),
  }
}

/**
 * Runs the roles of the layers (comma-separated Ansible tags) on a machine over `below`; the result is
 * output/disk.qcow2.
 */
export async function provision(
  task: LayerTask,
  work: Work,
  layers: 'base' | 'release' | 'base,release',
  below: DebianDisk,
): Promise<void> {
  const file = (name: string) => join(work.folder, name)
  const { privateKeyFile, publicKey } = await operatorKey(task.home)
  const extraVars = join(task.paths.scratchFolder, 'variables.json')
  await writeFile(extraVars, JSON.stringify(task.paths.ofAll(task.variables)))
  await writeFile(
    file('metadata.json'),
    JSON.stringify({ 'instance-id': 'i-builder', 'public-keys/0/openssh-key': publicKey }),
  )
  const build = {
    template: join(project, 'packer'),
    only: 'qemu.machine',
    onError: 'cleanup' as const,
    variables: {
      layer: layers,
      name: `${layers}-${task.release}`,
      manifest: file('manifest.json'),
      extra_vars: extraVars,
      ssh_private_key_file: privateKeyFile,
      ssh_timeout: `${task.limits.bootSeconds}s`,
      accelerator: task.machine.accelerator,
      cpus: String(task.machine.cpus),
      memory_mib: String(bakeMemoryMib(task.machine)),
      source_disk: file('builder.qcow2'),
      kernel: below.kernel,
      initrd: below.initrd,
      kernel_arguments: kernelArguments,
      // A release layer downloads nothing.
      network: layers === 'release' ? 'closed' : 'open',
      sandbox,
      metadata_netdev: metadataNetwork(file('metadata.json'), task.paths.of),
      console: file('console.log'),
      pid_file: file('qemu.pid'),
      output_directory: file('output'),
    },
  }
  const onTask = (name: string) => task.progress.live([`  ${name}`])
  const { paths, signal } = task
  const { connectSeconds, cleanUpSeconds } = task.limits
  const env = {
    ...(await mitogenEnvironment(task.progress, signal, ansiblePlace(task.home.folder))),
    ...connectionEnvironment(connectSeconds),
  }
  const run = { ...work, workFolder: work.folder, paths, signal, onTask, env, cleanUpSeconds }
  await againWhenUnreachable(task.progress, async () => {
    assertDisk(await runToEnd(thinDisk(file('builder.qcow2'), below.disk)))
    await packerBuild(build, run)
  })
  task.progress.live([])
  await assertBuilt(file('manifest.json'))
}

async function assertBuilt(manifest: string): Promise<void> {
  const { builds } = JSON.parse(await readFile(manifest, 'utf8'))
  if (builds?.length !== 1)
    throw new OperatorError('failed', `${manifest} names ${builds?.length ?? 0} builds, not one`)
}

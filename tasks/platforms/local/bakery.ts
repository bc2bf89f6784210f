import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { writeRelease } from '../../../app/release.ts'
import { writeRuntime } from '../../../app/runtime.ts'
import { OperatorError } from '../../lib/errors.ts'
import type { Progress } from '../../lib/progress.ts'
import { makeDebianDisk } from '../../tools/debian-disk.ts'
import { packerBuild } from '../../tools/packer.ts'
import { createDisk, flattenDisk, kernelArguments, metadataNetwork, stopMachine } from '../../tools/qemu.ts'
import { foldersIn, type Home } from './home.ts'
import { addImage, baseFiles, type ImageRecord, listImages, markVerified, removeImage } from './images.ts'
import type { MachineSettings } from './instances.ts'
import { operatorKey } from './keys.ts'
import { takeLock } from './lock.ts'
import { type Recipe, recipeFor, type SourceSettings } from './recipe.ts'
import { checkDisk, checkMemory } from './resources.ts'
import { verifyImage } from './verify.ts'

/** Which image is wanted. */
export interface Wanted {
  readonly home: Home
  readonly release: string
  /** Bake even when the same image exists already. */
  readonly force: boolean
  /** The Debian release below. */
  readonly suite: string
  readonly diskGib: number
}

/** What a bake on this computer works with. */
export interface BakeTask extends Wanted {
  readonly machine: MachineSettings
  /** Time for a machine to boot to its first answer. */
  readonly bootTimeoutSeconds: number
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface BakeResult {
  readonly image: ImageRecord
  readonly reused: boolean
}

/** What a bake would do, in words; nothing is touched. */
export interface BakePlan {
  readonly recipe: Recipe
  readonly steps: readonly string[]
  readonly reusable: ImageRecord | undefined
}

/** What the base layer needs from Debian; the roles ask for the same, and find it there. */
const packages = [
  ...['openssh-server', 'sudo', 'curl', 'python3-minimal', 'python3-apt', 'linux-image-cloud-amd64', 'initramfs-tools'],
  ...['docker.io', 'apparmor', 'nginx-light', 'logrotate', 'chrony'],
]

/** Free space that a base layer and a release need while they are made. */
const neededDiskMib = 5000

export async function planBake(task: Wanted): Promise<BakePlan> {
  const recipe = await recipeFor(task.release, sourceOf(task))
  const known = listImages(task.home).find((image) => image.contentHash === recipe.content)
  const reusable = task.force ? undefined : known
  if (reusable?.verified) return { recipe, reusable, steps: [`reuse ${reusable.id}: it holds the same`] }
  const steps = [`boot and test the image of release ${task.release}`]
  if (reusable === undefined) steps.unshift(`bake release ${task.release} on the base layer ${recipe.base}`)
  if (!hasBase(task.home, recipe.base)) steps.unshift(`make the base layer ${recipe.base}`)
  return { recipe, reusable, steps }
}

/**
 * Gives the verified image of a release, by baking it unless the same was baked before: base layer, release layer, and
 * an instance booted from the result and tested. One bake at a time in a home; what a killed one left is removed.
 */
export async function bakeImage(task: BakeTask): Promise<BakeResult> {
  const { reusable } = await planBake(task)
  if (reusable?.verified) return { image: reusable, reused: true }
  const lock = await takeLock(join(task.home.folder, 'locks', '.bake'), 'bake')
  try {
    return await bakeLocked(task)
  } finally {
    await lock.release()
  }
}

async function bakeLocked(task: BakeTask): Promise<BakeResult> {
  await removeLeftovers(task.home)
  const { recipe, reusable } = await planBake(task)
  if (reusable?.verified) return { image: reusable, reused: true }
  checkMemory(task.machine.memoryMib + 256, 'a bake')
  if (reusable === undefined) await checkDisk(task.home, neededDiskMib)
  if (!hasBase(task.home, recipe.base)) await bakeBase(task, recipe)
  const image = reusable ?? (await task.progress.step(`release ${task.release}`, () => bakeRelease(task, recipe)))
  return { image: await verified(task, image), reused: false }
}

async function verified(task: BakeTask, image: ImageRecord): Promise<ImageRecord> {
  const folder = join(workFolder(task.home), `test-${image.id}`)
  await task.progress.step(`boot and test ${image.id}`, () => verifyImage({ ...task, folder, image }))
  return markVerified(task.home, image)
}

function sourceOf(task: Wanted): SourceSettings {
  return { suite: task.suite, diskGib: task.diskGib, packages }
}

function workFolder(home: Home): string {
  return join(home.folder, 'work')
}

function hasBase(home: Home, base: string): boolean {
  return existsSync(baseFiles(home, base).disk)
}

async function bakeBase(task: BakeTask, recipe: Recipe): Promise<void> {
  const work = await openWork(task.home, `base-${recipe.base}`)
  const source = { ...baseFiles(task.home, recipe.base), disk: join(work.folder, 'source.qcow2') }
  const made = { disk: join(work.folder, 'base', 'disk.qcow2'), ...kernelFiles(join(work.folder, 'base')) }
  await mkdir(join(work.folder, 'base'))
  await task.progress.step(`Debian ${task.suite} with Docker, nginx and chrony`, () =>
    makeDebianDisk(debianSystem(task), { ...made, disk: source.disk }, { ...work, signal: task.signal, workFolder: work.folder }),
  )
  await task.progress.step('base layer by Packer and Ansible', async () => {
    const runtime = await writeRuntime(join(work.folder, 'runtime'))
    const variables = { runtime_folder: runtime.folder, runtime_tag: recipe.digests.runtime?.slice(0, 12) }
    await build(task, work, 'base', source.disk, made, variables)
    await flattenDisk(join(work.folder, 'output', 'disk.qcow2'), made.disk, 'qcow2')
  })
  await mkdir(task.home.bases, { recursive: true })
  await rename(join(work.folder, 'base'), baseFiles(task.home, recipe.base).folder)
  await rm(work.folder, { recursive: true })
}

async function bakeRelease(task: BakeTask, recipe: Recipe): Promise<ImageRecord> {
  const createdAt = new Date().toISOString()
  const id = `${task.release}-${createdAt.slice(0, 19).replace(/\D/g, '')}-${recipe.content.slice(0, 6)}`
  const work = await openWork(task.home, `release-${id}`)
  const base = baseFiles(task.home, recipe.base)
  const archive = await releaseArchive(task.release, work.folder)
  await build(task, work, 'release', base.disk, base, {
    release: task.release,
    release_archive: archive,
    runtime_tag: recipe.digests.runtime?.slice(0, 12),
  })
  const folder = join(work.folder, 'output')
  const { base: baseName, content, digests } = recipe
  // The builder's disk knows the base by an absolute path; an image names it as seen from its own place.
  const backing = join('../../bases', baseName, 'disk.qcow2')
  await execa('qemu-img', ['rebase', '-u', '-F', 'qcow2', '-b', backing, join(folder, 'disk.qcow2')])
  const record = { id, release: task.release, createdAt, verified: false, contentHash: content, base: baseName, digests }
  await addImage(task.home, folder, record)
  await rm(work.folder, { recursive: true })
  return record
}

/** The release as one tar file whose paths are where things go on the machine. */
async function releaseArchive(release: string, folder: string): Promise<string> {
  const { folder: files } = await writeRelease({ release, folder: join(folder, 'release') })
  const places = {
    'nginx/nginx.conf': 'etc/nginx/nginx.conf',
    'version.txt': 'var/www/bakeroll/version.txt',
    'app.mjs': 'opt/bakeroll/release/app.mjs',
    Dockerfile: 'opt/bakeroll/release/Dockerfile',
  }
  const archive = join(folder, 'release.tar')
  const renames = Object.entries(places).map(([from, to]) => `--transform=s|^${from}$|${to}|`)
  const same = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=0644']
  await execa('tar', ['--create', '--file', archive, '--directory', files, ...same, ...renames, ...Object.keys(places)])
  return archive
}

interface Work {
  readonly folder: string
  readonly logFile: string
}

async function openWork(home: Home, name: string): Promise<Work> {
  const folder = join(workFolder(home), name)
  const logs = join(home.folder, 'logs')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mkdir(logs, { recursive: true })
  return { folder, logFile: join(logs, `${name}.log`) }
}

function kernelFiles(folder: string): { kernel: string; initrd: string } {
  return { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.img') }
}

function debianSystem(task: BakeTask) {
  const project = join(import.meta.dirname, '../../..')
  const roles = join(project, 'ansible/roles')
  return {
    ...sourceOf(task),
    files: {
      '/usr/local/sbin/bakeroll-identity': join(roles, 'identity/files/bakeroll-identity'),
      '/etc/systemd/system/bakeroll-identity.service': join(roles, 'identity/files/bakeroll-identity.service'),
      '/etc/ssh/sshd_config.d/10-bakeroll.conf': join(roles, 'hardening/files/sshd.conf'),
    },
    finishScript: join(project, 'packer/local-source.sh'),
  }
}

async function build(
  task: BakeTask,
  work: Work,
  layer: 'base' | 'release',
  below: string,
  kernel: { kernel: string; initrd: string },
  variables: Record<string, unknown>,
): Promise<void> {
  const file = (name: string) => join(work.folder, name)
  const key = await operatorKey(task.home)
  await writeFile(file('variables.json'), JSON.stringify(variables))
  const metadata = { 'instance-id': `i-bake-${layer}`, 'public-keys/0/openssh-key': key.publicKey }
  await writeFile(file('metadata.json'), JSON.stringify(metadata))
  await createDisk(file('builder.qcow2'), below)
  await packerBuild(
    {
      template: join(import.meta.dirname, '../../../packer'),
      only: 'qemu.machine',
      onError: 'cleanup',
      variables: {
        layer,
        name: `${layer}-${task.release}`,
        manifest: file('manifest.json'),
        extra_vars: file('variables.json'),
        ssh_private_key_file: key.privateKeyFile,
        ssh_timeout: `${task.bootTimeoutSeconds}s`,
        accelerator: task.machine.accelerator,
        cpus: String(task.machine.cpus),
        memory_mib: String(Math.max(1024, task.machine.memoryMib)),
        source_disk: file('builder.qcow2'),
        kernel: kernel.kernel,
        initrd: kernel.initrd,
        kernel_arguments: kernelArguments,
        metadata_netdev: metadataNetwork(file('metadata.json')),
        console: file('console.log'),
        pid_file: file('qemu.pid'),
        output_directory: file('output'),
      },
    },
    { ...work, workFolder: work.folder, signal: task.signal, onTask: (name) => task.progress.live([`  ${name}`]) },
  )
  task.progress.live([])
  await assertBuilt(file('manifest.json'))
}

async function assertBuilt(manifest: string): Promise<void> {
  const { builds } = JSON.parse(await readFile(manifest, 'utf8'))
  if (builds?.length !== 1) throw new OperatorError('failed', `${manifest} names ${builds?.length ?? 0} builds, not one`)
}

/** A bake that was killed leaves its folder and perhaps its machine: both go. */
async function removeLeftovers(home: Home): Promise<void> {
  for (const name of foldersIn(workFolder(home))) {
    const folder = join(workFolder(home), name)
    await stopMachine(join(folder, 'qemu.pid'))
    for (const id of foldersIn(join(folder, 'instances'))) await stopMachine(join(folder, 'instances', id, 'qemu.pid'))
    // Packer tidies up when its machine goes away.
    for (let tries = 0; existsSync(folder) && tries < 20; tries++) {
      await rm(folder, { recursive: true, force: true }).catch(() => sleep(250))
    }
  }
  for (const image of listImages(home)) if (!image.verified && image.base === '') await removeImage(home, image.id)
}

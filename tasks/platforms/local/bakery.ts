import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../lib/errors.ts'
import { limitsAt } from '../../lib/pace.ts'
import type { Progress } from '../../lib/progress.ts'
import { preparePlugins } from '../../tools/packer-plugins.ts'
import type { Expectations } from '../../tools/probe.ts'
import { stopProcess } from '../../tools/process.ts'
import { userNamespaceProblem } from '../../tools/user-namespaces.ts'
import { clearDeliveryWork, isDeliveryWork } from '../delivery-work.ts'
import { checkDisk } from '../disk-space.ts'
import { foldersIn, type Home } from '../home.ts'
import type { ImageContent } from '../image-content.ts'
import { openPlainPaths } from '../plain-paths.ts'
import { type Recipe, recipeFor } from '../recipe.ts'
import { roleVariables } from '../role-variables.ts'
import { serviceTest, untestedWarning } from '../service.ts'
import { type Architecture, ownArchitecture } from '../service-image.ts'
import { type ImageRecord, listImages, markVerified, newestBase } from './images.ts'
import type { MachineSettings } from './instances.ts'
import { makeBase, makeRelease, openWork, type SourceSettings, workFolder } from './layers.ts'
import { bakeLockFile, takeLock } from './lock.ts'
import { keepBoot, type LocalPace } from './pace.ts'
import { bakeDiskMib, bakeMemoryMib, checkMemory } from './resources.ts'
import { verifyImage } from './verify.ts'

export interface Wanted {
  readonly home: Home
  readonly content: ImageContent
  /** Bake both layers even when an identical image exists, to pick up newer Debian packages. */
  readonly force: boolean
  /** The Debian suite. */
  readonly suite: string
  readonly diskGib: number
}

export interface BakeTask extends Wanted {
  /** Of the service in the image's test. */
  readonly expected: Expectations
  readonly machine: MachineSettings
  /** Measures this computer on the first call. */
  pace(): LocalPace
  /** Called before the first machine starts. */
  beforeMachines?(): void
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface BakeResult {
  readonly image: ImageRecord
  readonly reused: boolean
}

/** What a bake would do, without effects. */
export interface BakePlan {
  readonly recipe: Recipe
  readonly steps: readonly string[]
  /** What still has to be made. */
  readonly work: { readonly base: boolean; readonly release: boolean; readonly test: boolean }
  readonly reusable: ImageRecord | undefined
}

/** Debian packages of the base layer. The roles ask for the same and find them installed. */
function basePackages(suite: string, architecture: Architecture): string[] {
  return [
    ...['openssh-server', 'sudo', 'curl', 'python3', 'python3-apt', `linux-image-cloud-${architecture}`],
    ...['initramfs-tools', 'docker.io', 'apparmor', 'nginx-light', 'logrotate', 'chrony', 'nftables'],
    // Part of docker.io until then.
    ...(['bullseye', 'bookworm'].includes(suite) ? [] : ['docker-cli']),
  ]
}

export function planBake(task: Wanted): BakePlan {
  const { release: name, architecture } = task.content
  if (architecture !== ownArchitecture) {
    throw new OperatorError(
      'refused',
      `a machine for ${architecture} cannot run here: this computer is ${ownArchitecture}`,
      {
        hint: `image.architecture ${architecture} is for --platform aws`,
      },
    )
  }
  const recipe = recipeFor(task.content, sourceOf(task))
  const known = listImages(task.home).find((image) => image.contentHash === recipe.content)
  const reusable = task.force ? undefined : known
  const release = reusable === undefined
  const base = release && (task.force || !newestBase(task.home, recipe.base))
  const work = { base, release, test: !reusable?.verified }
  const steps = [
    ...(base ? [`make the base layer ${recipe.base}`] : []),
    ...(release ? [`bake release ${name} on the base layer ${recipe.base}`] : []),
    ...(work.test ? [`boot and test the image of release ${name}`] : []),
    ...(reusable?.verified ? [`reuse ${reusable.id}: same content`] : []),
  ]
  return { recipe, reusable, steps, work }
}

/**
 * Returns the verified image of a release. Unless an identical one exists, builds the base layer and the release layer,
 * then boots and tests the result. One bake at a time per home; removes what a killed bake left behind.
 */
export async function bakeImage(task: BakeTask): Promise<BakeResult> {
  const before = planBake(task)
  if (before.reusable?.verified) return { image: before.reusable, reused: true }
  const lock = await takeLock(bakeLockFile(task.home), 'bake')
  try {
    await removeLeftovers(task.home)
    // The previous holder of the lock may have baked the same image.
    const { recipe, reusable } = planBake(task)
    if (reusable?.verified) return { image: reusable, reused: true }
    task.beforeMachines?.()
    checkMemory(bakeMemoryMib(task.machine), 'a bake')
    if (reusable === undefined) await checkDisk(task.home, bakeDiskMib)
    const image = reusable ?? (await makeImage(task, recipe))
    const folder = join(workFolder(task.home), `test-${image.id}`)
    const { factor, crowding } = task.pace()
    const test = serviceTest(task.content.service, task.expected)
    const warning = untestedWarning(test)
    if (warning !== undefined) task.progress.warn(warning)
    const seconds = await task.progress.step(`boot and test ${image.id}`, () =>
      verifyImage({ ...task, folder, image, test, limits: limitsAt(factor) }),
    )
    await keepBoot(task.home, image.base, { seconds, crowding })
    return { image: await markVerified(task.home, image), reused: false }
  } finally {
    await lock.release()
  }
}

async function makeImage(task: BakeTask, recipe: Recipe): Promise<ImageRecord> {
  const known = task.force ? undefined : newestBase(task.home, recipe.base)
  const problem = known ? undefined : await userNamespaceProblem()
  if (problem) throw problem
  await preparePlugins(task.progress, task.signal)
  const paths = await openPlainPaths(task.home, '.bake')
  const files = await openWork(task.home, `files-${recipe.content}`)
  try {
    const { release } = task.content
    const variables = await roleVariables(task.content, files.folder)
    const layers = { ...task, release, variables, paths, limits: limitsAt(task.pace().factor), source: sourceOf(task) }
    const base = known ?? (await makeBase(layers, recipe))
    return await task.progress.step(`release ${release}`, () => makeRelease(layers, recipe, base))
  } finally {
    await rm(files.folder, { recursive: true })
    await paths.remove()
  }
}

export function sourceOf({ suite, diskGib, content }: Omit<Wanted, 'home' | 'force'>): SourceSettings {
  return { suite, diskGib, packages: [...basePackages(suite, content.architecture), ...content.packages] }
}

/** A killed bake leaves its folder and perhaps its machines. A delivery in place may be under way beside this bake. */
export async function removeLeftovers(home: Home): Promise<void> {
  await clearDeliveryWork(home)
  for (const name of foldersIn(workFolder(home)).filter((one) => !isDeliveryWork(one))) {
    const folder = join(workFolder(home), name)
    const machines = foldersIn(join(folder, 'instances')).map((id) => join(folder, 'instances', id))
    // Packer's machine got the plain name of it.
    await stopProcess(join(folder, 'qemu.pid'), join('work', name, 'qemu.pid'))
    for (const machine of machines) await stopProcess(join(machine, 'qemu.pid'))
    // Packer cleans up in there once its machine is gone.
    for (let tries = 0; existsSync(folder) && tries < 20; tries++) {
      await rm(folder, { recursive: true, force: true }).catch(() => sleep(250))
    }
  }
}

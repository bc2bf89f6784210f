import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Limits } from '../lib/pace.ts'
import type { Platform } from '../lib/platform.ts'
import type { Progress } from '../lib/progress.ts'
import type { Content, Delivery } from '../lib/release/task.ts'
import { ownFolder } from '../settings/own.ts'
import type { Settings } from '../settings/settings.ts'
import { runPlay } from '../tools/ansible.ts'
import { layersPresent } from '../tools/container-archive/missing-layers.ts'
import { writeDockerArchive } from '../tools/container-archive/write.ts'
import { keepScript, layersIn, putBackScript } from '../tools/kept-release.ts'
import { mitogenEnvironment } from '../tools/mitogen.ts'
import { connectionEnvironment } from '../tools/packer.ts'
import { feedOver, type RemoteAnswer, runOver } from '../tools/ssh.ts'
import { ansiblePlace } from './ansible-place.ts'
import { type DeliveryWork, instanceWork, openDeliveryWork } from './delivery-work.ts'
import { checkDisk } from './disk-space.ts'
import { homeAt } from './home.ts'
import { type ImageContent, imageContent, plannedContent } from './image-content.ts'
import { releaseDigests, serviceRoleFolder } from './recipe.ts'
import { containerTag } from './role-variables.ts'
import { contentDigest, mibOf, type StoredRelease, storedRelease, storeRelease } from './stored-release.ts'

export interface InPlaceTask {
  readonly settings: Settings
  readonly platform: Pick<Platform, 'sshArguments'>
  /** Where the home keeps what is in place. */
  readonly releaseStore: string
  readonly limits: Limits
  readonly progress: Progress
  readonly signal: AbortSignal
  /** Runs when the verb ends. */
  onExit(cleanup: () => Promise<void>): void
}

/** Builds or fetches the release, as a bake does, and names what instances get of it. */
export async function readContent(
  task: InPlaceTask,
  release: string,
): Promise<Content & { readonly image: ImageContent }> {
  const image = await imageContent(task.settings, { ...task, release, home: homeAt(task.settings.home) })
  return { release, content: digestOf(image), image }
}

/** Keeps the release in the home, then delivers it from there. */
export async function openDelivery(task: InPlaceTask, image: ImageContent): Promise<Delivery> {
  const { settings, releaseStore, progress } = task
  const stored = await progress.step(`files of ${image.release}`, () =>
    storeRelease(homeAt(settings.home), releaseStore, image),
  )
  return deliveryOf(task, stored)
}

type Finding = Pick<InPlaceTask, 'settings' | 'releaseStore' | 'progress' | 'signal'>

/**
 * As the home keeps it, whatever the project holds by now; from the project only where the home does not have it. Throws `refused`
 * when neither does.
 */
export async function findDelivered(task: Finding, wanted: Content): Promise<StoredRelease> {
  const stored = await storedRelease(task.releaseStore, wanted)
  if ('archive' in stored) return stored
  return storeRelease(homeAt(task.settings.home), task.releaseStore, await imageOfProject(task, wanted, stored.fault))
}

async function imageOfProject(task: Finding, { release, content }: Content, fault: string): Promise<ImageContent> {
  const gone = (why: string, cause?: unknown) =>
    new OperatorError('refused', `${release} as it was delivered is gone: ${fault}, and ${why}`, {
      hint: `npm run release -- --release ${release} from the project that holds it, or npm run bake and npm run roll`,
      isLasting: true,
      ...(cause === undefined ? {} : { cause }),
    })
  const image = await plannedContent(task.settings, { ...task, release, home: homeAt(task.settings.home) }).catch(
    (error: unknown) => {
      throw error instanceof OperatorError ? gone(`this project cannot make it: ${error.message}`, error) : error
    },
  )
  if (image && digestOf(image) === content) return image
  throw gone(image ? 'this project holds another' : 'this project has to build it first')
}

function digestOf(image: ImageContent): string {
  return contentDigest(image.release, releaseDigests(image))
}

/** Delivers by the roles that made the image, over the SSH that is there. */
export async function deliveryOf(task: InPlaceTask, stored: StoredRelease): Promise<Delivery> {
  const { limits, progress, signal, platform } = task
  const home = homeAt(task.settings.home)
  await checkDisk(home, 2 * mibOf(stored.archive))
  const work = await openDeliveryWork(home, task.onExit)
  const { paths } = work
  await useRolesOf(stored, work)
  const archives = openArchives(stored, work)
  const env = {
    ...(await mitogenEnvironment(progress, signal, ansiblePlace(home.folder))),
    ...connectionEnvironment(limits.connectSeconds),
  }
  const limit = { timeoutSeconds: limits.repairSeconds, signal }
  const ansible = join(ownFolder, 'ansible')
  const tag = containerTag(stored.release)
  const archivesOf = new Map<string, Promise<ArchivesForRole>>()
  /** Once in a run: what is kept has to be from before the release. */
  const archivesFor = (id: string, from: string) => {
    const known = archivesOf.get(id) ?? keepAndFind(id, from)
    archivesOf.set(id, known)
    // Where it failed, the next try asks again.
    known.catch(() => archivesOf.delete(id))
    return known
  }
  const keepAndFind = async (id: string, from: string) => {
    const answer = await runOver(await platform.sshArguments(id), keepScript(from, tag), limit)
    return archives.lacking(layersIn(stdoutOf(answer)))
  }
  return {
    async prepare({ id }, from) {
      const { container_archive } = await archivesFor(id, from)
      stdoutOf(await feedOver(await platform.sshArguments(id), 'sudo docker load --quiet', container_archive, limit))
    },
    async deliver({ id }, from) {
      const ownArchives = await archivesFor(id, from)
      const { folder, pidFile } = instanceWork(work, id)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // Ansible would resolve an alias, and then expand `$HOME` in the real path.
      const variablesFile = join(paths.scratchFolder, `${id}.json`)
      const variables = {
        ...stored.variables,
        in_place: 'yes',
        ...ownArchives,
      }
      await writeFile(variablesFile, JSON.stringify(paths.ofAll(variables)), { mode: 0o600 })
      await runPlay(
        { playbook: paths.of(join(ansible, 'site.yml')), tags: 'release', variablesFile },
        await platform.sshArguments(id),
        {
          env: paths.ofAll(env),
          configFile: paths.of(join(ansible, 'ansible.cfg')),
          timeoutSeconds: limits.bootSeconds + limits.scriptSeconds + limits.repairSeconds,
          signal,
          pidFile,
          onTask: (name) => progress.live([`  ${id}: ${name}`]),
          onLine: progress.detail,
        },
      )
    },
    async putBack({ id }, from) {
      stdoutOf(await runOver(await platform.sshArguments(id), putBackScript(from), limit))
    },
  }
}

/** The role of the bakeroll that released it, in the copy of this run: another one would be another content. */
async function useRolesOf({ rolesOfBakeroll }: StoredRelease, { paths }: DeliveryWork): Promise<void> {
  const role = paths.of(join(ownFolder, serviceRoleFolder))
  await rm(role, { recursive: true })
  await cp(join(rolesOfBakeroll, serviceRoleFolder), role, { recursive: true })
}

/** As the role's variables name them. */
interface ArchivesForRole {
  readonly container_archive: string
  readonly whole_container_archive: string
}

/** The archives that instances get: each is written once, however many instances need the same. */
function openArchives({ release, archive }: StoredRelease, { folder }: DeliveryWork) {
  const tag = containerTag(release)
  const written = new Map<number, Promise<string>>()
  const write = async (withoutLowest: number) => {
    if (withoutLowest === 0 && archive.tags.includes(tag)) return archive.path
    const path = join(folder, withoutLowest === 0 ? 'whole.tar' : `without-${withoutLowest}.tar`)
    await writeDockerArchive(archive, path, { tag, withoutLowest })
    return path
  }
  const archiveWithout = (count: number) => {
    const path = written.get(count) ?? write(count)
    written.set(count, path)
    return path
  }
  return {
    /** The role takes the whole archive where a Docker refuses the one without the layers that it has. */
    async lacking(present: string[][]): Promise<ArchivesForRole> {
      const diffIds = archive.image.layers.map(({ diffId }) => diffId)
      return {
        container_archive: await archiveWithout(layersPresent(diffIds, present)),
        whole_container_archive: await archiveWithout(0),
      }
    },
  }
}

/** Throws with the last words of a script that failed. */
function stdoutOf({ exitCode, stdout, stderr }: RemoteAnswer): string {
  if (exitCode === 0) return stdout
  throw new OperatorError('failed', stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`)
}

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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
import { type ContainerArchive, readContainerArchive } from '../tools/container-archive/read.ts'
import { writeDockerArchive } from '../tools/container-archive/write.ts'
import { keepScript, layersIn, putBackScript } from '../tools/kept-release.ts'
import { mitogenEnvironment } from '../tools/mitogen.ts'
import { connectionEnvironment } from '../tools/packer.ts'
import { type RemoteAnswer, runOver } from '../tools/ssh.ts'
import { ansiblePlace } from './ansible-place.ts'
import { type Home, homeAt } from './home.ts'
import { type ImageContent, imageContent, plannedContent } from './image-content.ts'
import { openPlainPaths, type PlainPaths } from './plain-paths.ts'
import { releaseDigests } from './recipe.ts'
import { type RoleVariables, roleVariables } from './role-variables.ts'

export interface InPlaceTask {
  readonly settings: Settings
  readonly platform: Pick<Platform, 'sshArguments'>
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
  return { release, content: contentDigest(image), image }
}

/** What is in place already. Throws `failed` when the project holds something else by now. */
export async function knownImage(task: InPlaceTask, { release, content }: Content): Promise<ImageContent> {
  const image = await plannedContent(task.settings, { ...task, release, home: homeAt(task.settings.home) })
  if (image && contentDigest(image) === content) return image
  throw new OperatorError('failed', `${release} as it was delivered is not in this project any more`, {
    hint: `npm run release -- --release ${release} brings what is here now to every instance`,
  })
}

/** Fixes all that an instance gets; what lies in the base layer does not count. */
function contentDigest(image: ImageContent): string {
  const { image: container, files, serviceRole, roles } = releaseDigests(image)
  const parts = [image.release, container, files, serviceRole, roles]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

/** Delivers by the roles that made the image, over the SSH that is there. */
export async function openDelivery(task: InPlaceTask, image: ImageContent): Promise<Delivery> {
  const { limits, progress, signal, platform } = task
  const home = homeAt(task.settings.home)
  const { folder, paths } = await openFolder(task, home)
  const variables = await progress.step(`files of ${image.release}`, () => roleVariables(image, folder))
  const files = { folder, paths, variables, archive: await readContainerArchive(join(folder, 'whole.tar')) }
  const env = {
    ...(await mitogenEnvironment(progress, signal, ansiblePlace(home.folder))),
    ...connectionEnvironment(limits.connectSeconds),
  }
  const limit = { timeoutSeconds: limits.repairSeconds, signal }
  const ansible = join(ownFolder, 'ansible')
  return {
    async deliver({ id }, from) {
      const answer = await runOver(await platform.sshArguments(id), keepScript(from), limit)
      const variablesFile = await writeVariables(files, id, layersIn(stdoutOf(answer)))
      await runPlay(
        { playbook: paths.of(join(ansible, 'site.yml')), tags: 'release', variablesFile: paths.of(variablesFile) },
        await platform.sshArguments(id),
        {
          env: paths.ofAll(env),
          configFile: paths.of(join(ansible, 'ansible.cfg')),
          timeoutSeconds: limits.bootSeconds + limits.scriptSeconds + limits.repairSeconds,
          signal,
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

interface Files {
  readonly folder: string
  readonly paths: PlainPaths
  readonly variables: RoleVariables
  readonly archive: ContainerArchive
}

/** Removed when the verb ends. */
async function openFolder({ onExit }: InPlaceTask, home: Home): Promise<Pick<Files, 'folder' | 'paths'>> {
  const work = join(home.folder, 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(work, 'release-'))
  const paths = await openPlainPaths(home, '.release')
  onExit(async () => {
    await paths.remove()
    await rm(folder, { recursive: true, force: true })
  })
  return { folder, paths }
}

/** The role takes the whole archive where a Docker refuses the one without the layers that it has. */
async function writeVariables({ folder, paths, variables, archive }: Files, id: string, present: string[][]) {
  const own = join(folder, id)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const lacking = join(own, 'lacking.tar')
  const diffIds = archive.image.layers.map(({ diffId }) => diffId)
  await writeDockerArchive(archive, lacking, { tag: archive.tags[0], withoutLowest: layersPresent(diffIds, present) })
  const variablesFile = join(own, 'variables.json')
  const told = { ...variables, in_place: 'yes', container_archive: lacking }
  await writeFile(variablesFile, JSON.stringify(paths.ofAll(told)), { mode: 0o600 })
  return variablesFile
}

/** Throws with the last words of a script that failed. */
function stdoutOf({ exitCode, stdout, stderr }: RemoteAnswer): string {
  if (exitCode === 0) return stdout
  throw new OperatorError('failed', stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`)
}

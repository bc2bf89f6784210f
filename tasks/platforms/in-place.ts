import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Limits } from '../lib/pace.ts'
import type { Instance, Platform } from '../lib/platform.ts'
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
import { runOver } from '../tools/ssh.ts'
import { ansiblePlace } from './ansible-place.ts'
import { type Home, homeAt } from './home.ts'
import { type ImageContent, imageContent, plannedContent } from './image-content.ts'
import { openPlainPaths, type PlainPaths } from './plain-paths.ts'
import { recipeFor } from './recipe.ts'
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

/** Like `readContent`, without effects: undefined when the service has to be built or fetched first. */
export async function knownContent(task: InPlaceTask, release: string) {
  const image = await plannedContent(task.settings, { ...task, release, home: homeAt(task.settings.home) })
  return image && { release, content: contentDigest(image), image }
}

/** Prepares the delivery of what is in place already. Throws `failed` when the project holds something else by now. */
export async function openKnownDelivery(task: InPlaceTask, { release, content }: Content): Promise<Delivery> {
  const known = await knownContent(task, release)
  if (known?.content === content) return openDelivery(task, known.image)
  throw new OperatorError('failed', `${release} as it was delivered is not in this project any more`, {
    hint: `npm run release -- --release ${release} brings what is here now to every instance`,
  })
}

/** Fixes all that an instance gets; what lies in the base layer does not count. */
function contentDigest(image: ImageContent): string {
  const { digests, release } = recipeFor(image, {})
  const parts = [release, digests['image'], digests['files'], digests['serviceRole'], image.roles.release.join()]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

interface Prepared {
  readonly folder: string
  readonly paths: PlainPaths
  readonly variables: RoleVariables
  readonly archive: ContainerArchive
  readonly env: Readonly<Record<string, string>>
}

/** Delivers by the roles that made the image, over the SSH that is there. */
export async function openDelivery(task: InPlaceTask, image: ImageContent): Promise<Delivery> {
  const home = homeAt(task.settings.home)
  let prepared: Promise<Prepared> | undefined
  const prepare = () => {
    prepared ??= prepareFiles(task, home, image)
    return prepared
  }
  return {
    async deliver(instance, from) {
      const files = await prepare()
      const present = layersIn(await over(task, instance, keepScript(from)))
      await play(task, files, instance, present)
    },
    async putBack(instance, from) {
      await over(task, instance, putBackScript(from))
    },
  }
}

async function prepareFiles(task: InPlaceTask, home: Home, image: ImageContent): Promise<Prepared> {
  const { progress, signal, limits } = task
  const work = join(home.folder, 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(work, 'release-'))
  const paths = await openPlainPaths(home, '.release')
  task.onExit(async () => {
    await paths.remove()
    await rm(folder, { recursive: true, force: true })
  })
  const variables = await progress.step(`files of ${image.release}`, () => roleVariables(image, folder))
  const archive = await readContainerArchive(join(folder, 'whole.tar'))
  const env = {
    ...(await mitogenEnvironment(progress, signal, ansiblePlace(home.folder))),
    ...connectionEnvironment(limits.connectSeconds),
  }
  return { folder, paths, variables, archive, env }
}

/** The role takes the whole archive where a Docker refuses the one without the layers that it has. */
async function play(task: InPlaceTask, files: Prepared, { id }: Instance, present: string[][]): Promise<void> {
  const { folder, paths, variables, archive, env } = files
  const { limits, progress, signal } = task
  const own = join(folder, id)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const lacking = join(own, 'lacking.tar')
  const diffIds = archive.image.layers.map(({ diffId }) => diffId)
  const withoutLowest = layersPresent(diffIds, present)
  await writeDockerArchive(archive, lacking, { tag: archive.tags[0], withoutLowest })
  const told = { ...variables, in_place: 'yes', container_archive: lacking }
  const variablesFile = join(own, 'variables.json')
  await writeFile(variablesFile, JSON.stringify(paths.ofAll(told)), { mode: 0o600 })
  const ansible = join(ownFolder, 'ansible')
  await runPlay(
    { playbook: paths.of(join(ansible, 'site.yml')), tags: 'release', variablesFile: paths.of(variablesFile) },
    await task.platform.sshArguments(id),
    {
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, paths.of(value)])),
      configFile: paths.of(join(ansible, 'ansible.cfg')),
      timeoutSeconds: limits.bootSeconds + limits.scriptSeconds + limits.repairSeconds,
      signal,
      onTask: (name) => progress.live([`  ${id}: ${name}`]),
      onLine: progress.detail,
    },
  )
  await rm(own, { recursive: true, force: true })
}

async function over({ platform, limits, signal }: InPlaceTask, { id }: Instance, script: string): Promise<string> {
  const limit = { timeoutSeconds: limits.repairSeconds, signal }
  const answer = await runOver(await platform.sshArguments(id), script, limit)
  if (answer.exitCode === 0) return answer.stdout
  const said = answer.stderr.trim().split('\n').at(-1)
  throw new OperatorError('failed', said || `exit code ${answer.exitCode}`)
}

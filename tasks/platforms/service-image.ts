import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { releaseDigest, writeRelease } from '../../app/release.ts'
import { runtimeDigest, runtimeFault, writeRuntime } from '../../app/runtime.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { exampleName } from '../settings/project.ts'
import { writeFolderImage } from '../tools/container-archive/from-folders.ts'
import type { Layer } from '../tools/container-archive/image.ts'
import { type ContainerArchive, readContainerArchive } from '../tools/container-archive/read.ts'
import { type Fetching, fetchImage, keptImage } from '../tools/registry-image.ts'
import { runToEnd } from '../tools/run-to-end.ts'
import type { Home } from './home.ts'
import type { Service } from './service.ts'

/** As Go and Debian name a processor. */
export type Architecture = 'amd64' | 'arm64'

export const ownArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

/** The container image of a release, wherever it comes from. */
export interface ServiceImage {
  /** Fixes every byte of it. */
  readonly identity: string
  /** Fixes the layers that lie in the base layer; empty when none do. */
  readonly lowestIdentity: string
  /** Its account in the container, as the image says it; empty for root. */
  readonly user: string
  /** `REPOSITORY@DIGEST` of an image from a registry. */
  readonly pinned?: string | undefined
  /** The image as an archive, and how many of its layers lie in the base layer. `folder` is for what has to be made. */
  archive(folder: string): Promise<{ readonly archive: ContainerArchive; readonly lowest: number }>
}

export interface ServiceImageTask {
  readonly release: string
  readonly service: Service
  readonly architecture: Architecture
  readonly home: Home
  /** The user's project, where `service.build` runs. */
  readonly project: string
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Reads the archive, or fetches it from the registry, and proves it. */
export async function findServiceImage(task: ServiceImageTask): Promise<ServiceImage> {
  const { service, release, architecture } = task
  assertOneSource(service)
  if (service.isExample) return exampleImage(release, architecture)
  if (service.image === undefined) return imageOf(await readArchive(task), service)
  const { archive, pinned } = await fetchImage(service.image, fetchingOf(task))
  return { ...imageOf(archive, service), pinned }
}

/** As far as it is known without effects: undefined when it has to be built or fetched first. */
export async function knownServiceImage(task: ServiceImageTask): Promise<ServiceImage | undefined> {
  const { service, release, architecture } = task
  assertOneSource(service)
  if (service.isExample) return exampleImage(release, architecture)
  if (service.image === undefined) {
    const isUnbuilt = service.build !== undefined && service.archive !== undefined && !existsSync(service.archive)
    return isUnbuilt ? undefined : imageOf(await readArchive(task), service)
  }
  const archive = await keptImage(service.image, fetchingOf(task))
  return archive && imageOf(archive, service)
}

function fetchingOf({ architecture, home, signal }: ServiceImageTask): Fetching {
  return { architecture, folder: join(home.folder, 'containers'), signal }
}

function assertOneSource({ archive, image, build, isExample, name }: Service): void {
  if (isExample && name !== exampleName) {
    throw new OperatorError('usage', 'no container image is named: service.archive, service.image or service.build', {
      hint: 'npm run init',
    })
  }
  if (image === undefined || (archive ?? build) === undefined) return
  throw new OperatorError(
    'usage',
    `service.image and service.${archive === undefined ? 'build' : 'archive'} are both set`,
    {
      hint: 'service.image is fetched from a registry, service.archive is a file that service.build may make: keep one of the two',
    },
  )
}

async function readArchive({ service, architecture }: ServiceImageTask): Promise<ContainerArchive> {
  const { archive } = service
  if (archive === undefined) {
    throw new OperatorError('usage', 'service.build is set, but not what it makes', {
      hint: "set service.archive, such as 'shop.tar'",
    })
  }
  if (!existsSync(archive)) {
    throw new OperatorError('usage', `there is no container archive ${archive} (service.archive)`, {
      hint: 'docker save --output FILE IMAGE makes one; service.build can do it at every bake',
    })
  }
  return readContainerArchive(archive, { architecture })
}

/** Runs `service.build`. Its output is kept in the logs of the home. */
export async function buildArchive({
  build,
  release,
  home,
  project,
  progress,
  signal,
}: ServiceImageTask & { readonly build: string }): Promise<void> {
  const logs = join(home.folder, 'logs')
  await mkdir(logs, { recursive: true, mode: 0o700 })
  const log = join(logs, `build-${release}.log`)
  await progress.step(`service.build: ${build}`, async () => {
    const { failed, said } = await runToEnd(['sh', '-c', build], {
      signal,
      cwd: project,
      env: { RELEASE: release },
      stopped: 'service.build was stopped',
      onLine: (line) => progress.live([`  ${line}`]),
    })
    progress.live([])
    await writeFile(log, said, { mode: 0o600 })
    if (!failed) return
    const last = said.trimEnd().split('\n').slice(-10)
    throw new OperatorError('failed', ['service.build failed:', ...last].join('\n  '), { hint: `all of it: ${log}` })
  })
}

function imageOf(archive: ContainerArchive, { baseLayers }: Service): ServiceImage {
  const { id, layers, user } = archive.image
  const lowest = Math.min(baseLayers ?? lowestOf(layers), layers.length)
  return {
    identity: id,
    lowestIdentity: layers
      .slice(0, lowest)
      .map(({ diffId }) => diffId)
      .join(' '),
    user,
    archive: async () => ({ archive, lowest }),
  }
}

/** Layers below this size load in a moment, even under emulation. */
const largeBytes = 4 * 1024 * 1024

/**
 * How many of the lowest layers seldom change: all up to the last large one. The topmost layer is never among them, because it
 * holds what a release is.
 */
export function lowestOf(layers: readonly Layer[]): number {
  const lastLarge = layers.slice(0, -1).findLastIndex(({ bytes }) => bytes >= largeBytes)
  return lastLarge + 1
}

/** The time service of `app/`: Node below, its bundle on top. What makes it is known in milliseconds. */
async function exampleImage(release: string, architecture: Architecture): Promise<ServiceImage> {
  if (architecture !== ownArchitecture) {
    throw new OperatorError('usage', `the example can be baked for ${ownArchitecture} here, not for ${architecture}`, {
      hint: 'it takes Node from this computer; service.archive or service.image can be of any architecture',
    })
  }
  const [runtime, bundle] = await Promise.all([runtimeDigest(), releaseDigest(release)])
  const user = '65532:65532'
  return {
    identity: createHash('sha256').update(`${runtime} ${bundle}`).digest('hex'),
    lowestIdentity: runtime,
    user,
    async archive(folder) {
      const fault = await runtimeFault()
      if (fault !== undefined) throw new OperatorError('refused', fault, { hint: 'npm ci' })
      const folders = [join(folder, 'runtime'), join(folder, 'bundle')] as const
      await Promise.all([writeRuntime(folders[0]), writeRelease({ release, folder: folders[1] })])
      const path = join(folder, 'service.tar')
      const entryPoint = ['/usr/bin/node', '/app/app.mjs']
      await writeFolderImage({ folders, architecture, user, entryPoint, command: [], env: {}, ports: [] }, path)
      await Promise.all(folders.map((one) => rm(one, { recursive: true })))
      return { archive: await readContainerArchive(path, { architecture }), lowest: 1 }
    },
  }
}

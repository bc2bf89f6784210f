import { createHash } from 'node:crypto'
import { chmod, cp, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Content } from '../lib/release/task.ts'
import { ownFolder } from '../settings/own.ts'
import { type ContainerArchive, readContainerArchive } from '../tools/container-archive/read.ts'
import { writeDockerArchive } from '../tools/container-archive/write.ts'
import { checkDisk } from './disk-space.ts'
import type { Home } from './home.ts'
import type { ImageContent } from './image-content.ts'
import {
  digestOfRoles,
  digestOfServiceRole,
  digestOfTexts,
  type ReleaseDigests,
  releaseDigests,
  serviceRoleFolder,
} from './recipe.ts'
import { containerTag, type RoleVariables, releaseVariables, writeReleaseFiles } from './role-variables.ts'
import { copyRoles } from './user-roles.ts'

/** All that an instance gets of a release, apart from the project that it came from. */
export interface StoredRelease {
  readonly release: string
  readonly archive: ContainerArchive
  readonly variables: RoleVariables
  /** Holds the role `service` under its path in bakeroll. */
  readonly rolesOfBakeroll: string
}

/** Fixes all that an instance gets; what lies in the base layer does not count. */
export function contentDigest(release: string, { image, files, serviceRole, roles }: ReleaseDigests): string {
  const parts = [release, image, files, serviceRole, roles]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

/** What cannot be recognised from the other files; `image` and `roles` are proven by the content's digest. */
interface StoreRecord {
  readonly release: string
  /** Identity of the container image. */
  readonly image: string
  /** The image's id in the archive. */
  readonly imageId: string
  /** Names of the user's roles. */
  readonly roles: readonly string[]
}

const recordName = 'release.json'
const archiveName = 'image.tar'

/** Puts a release into the store, unless it is there and right; one rename puts it in place whole. */
export async function storeRelease(home: Home, store: string, content: ImageContent): Promise<StoredRelease> {
  const { release } = content
  const digest = contentDigest(release, releaseDigests(content))
  const found = await storedRelease(store, { release, content: digest })
  if ('archive' in found) return found
  const draft = join(store, `.${digest}.draft`)
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: 0o700 })
  try {
    const made = join(draft, 'made')
    await mkdir(made, { mode: 0o700 })
    const { archive } = await content.image.archive(made)
    await storeArchive(home, archive, { to: join(draft, archiveName), tag: containerTag(release) })
    await rm(made, { recursive: true })
    await writeReleaseFiles(content, draft)
    const { path, release: roles } = content.roles
    if (path !== undefined) copyRoles(path, roles, join(draft, 'roles'))
    await cp(join(ownFolder, serviceRoleFolder), join(draft, serviceRoleFolder), { recursive: true })
    const record: StoreRecord = { release, image: content.image.identity, imageId: archive.image.id, roles }
    await writeFile(join(draft, recordName), JSON.stringify(record))
    for (const name of [recordName, 'nginx_conf', 'service_json']) await chmod(join(draft, name), 0o600)
    await rm(join(store, digest), { recursive: true, force: true })
    await rename(draft, join(store, digest))
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  const stored = await storedRelease(store, { release, content: digest })
  if ('archive' in stored) return stored
  throw new OperatorError('failed', `${release} cannot be kept: ${stored.fault}`, { hint: 'npm run release' })
}

/** One that the home has already is linked, not copied: nothing writes into it. */
async function storeArchive(home: Home, archive: ContainerArchive, { to, tag }: { to: string; tag: string }) {
  const isOfHome = !relative(join(home.folder, 'containers'), archive.path).startsWith('..')
  if (isOfHome && (await isLinked(archive.path, to))) return
  await checkDisk(home, mibOf(archive))
  await writeDockerArchive(archive, to, { tag })
}

async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    // Not every file system has hard links, and none has them to another one.
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

/** Space for one whole copy of it, and some more. */
export function mibOf({ image }: ContainerArchive): number {
  return Math.ceil(image.layers.reduce((sum, { bytes }) => sum + bytes, 0) / 1024 ** 2) + 64
}

/** Reads a kept release and proves that it is what was delivered; `fault` says why there is none. */
export async function storedRelease(
  store: string,
  { release, content }: Content,
): Promise<StoredRelease | { readonly fault: string }> {
  const folder = join(store, content)
  try {
    const { imageId, image, roles } = await readRecord(folder)
    const text = (name: string) => readFile(join(folder, name), 'utf8')
    const files = { nginx_conf: await text('nginx_conf'), service_json: await text('service_json') }
    const found = contentDigest(release, {
      image,
      files: digestOfTexts(files),
      serviceRole: digestOfServiceRole(folder),
      roles: digestOfRoles(join(folder, 'roles'), roles),
    })
    if (found !== content) return { fault: `${folder} is damaged: its files have the digest ${found}` }
    const archive = await readContainerArchive(join(folder, archiveName))
    if (archive.image.id !== imageId) return { fault: `${folder} is damaged: ${archiveName} holds another image` }
    const { secrets } = JSON.parse(files.service_json) as { secrets: string[] }
    const variables = releaseVariables({ release, imageId, secrets, roles, folder })
    return { release, archive, variables, rolesOfBakeroll: folder }
  } catch (error) {
    if (isMissing(error) && error.path === join(folder, recordName)) return { fault: `${folder} is not there` }
    if (error instanceof OperatorError || error instanceof SyntaxError || isErrno(error)) {
      return { fault: `${folder} is damaged: ${error.message}` }
    }
    throw error
  }
}

async function readRecord(folder: string): Promise<StoreRecord> {
  const found: Partial<StoreRecord> | null = JSON.parse(await readFile(join(folder, recordName), 'utf8'))
  const { release, image, imageId, roles } = found ?? {}
  const texts = [release, image, imageId, ...(Array.isArray(roles) ? roles : [undefined])]
  if (!texts.every((one) => typeof one === 'string')) throw new SyntaxError(`${recordName} lacks a part`)
  return found as StoreRecord
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

function isMissing(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error) && error.code === 'ENOENT'
}

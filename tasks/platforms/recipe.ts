import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ownFolder } from '../settings/own.ts'
import { type ImageContent, releaseFiles } from './image-content.ts'
import { filesOfRoles } from './user-roles.ts'

/** Digests of the inputs of an image's two layers: same digests, same image. */
export interface Recipe {
  readonly release: string
  /** Whose image it is. */
  readonly service: string
  readonly base: string
  readonly content: string
  /** Separate digests by name, for the image's record. */
  readonly digests: Readonly<Record<string, string>>
}

/** Digests of what a release brings to a machine, whatever lies below it. */
export interface ReleaseDigests {
  /** The container image. */
  readonly image: string
  /** The files of `releaseFiles`. */
  readonly files: string
  readonly serviceRole: string
  /** The user's own roles. */
  readonly roles: string
}

/**
 * Reads all inputs of a bake, in a fraction of a second. `source` is the base layer's platform-specific input besides the Ansible
 * roles: plain values in a fixed order.
 */
export function recipeFor(wanted: ImageContent, source: object): Recipe {
  const { release, architecture, image, packages, roles } = wanted
  const { name: service } = wanted.service
  const ansible = digestOfFiles(
    ownFolder,
    ['ansible/site.yml', 'ansible/ansible.cfg', ...filesBelow(ownFolder, 'ansible/roles')],
    (file) => file.startsWith(`${serviceRoleFolder}/`),
  )
  const packer = digestOfFiles(ownFolder, filesBelow(ownFolder, 'packer'))
  const { files, serviceRole, roles: releaseRoles } = releaseDigests(wanted)
  const lowest = digestOf([image.lowestIdentity])
  const base = digestOf([
    ...[JSON.stringify(source), architecture, packages.join(' ')],
    ...[ansible, packer, digestOfRoles(roles.path, roles.base), lowest],
  ]).slice(0, 12)
  return {
    release,
    service,
    base,
    content: digestOf([base, service, release, image.identity, files, serviceRole, releaseRoles]).slice(0, 12),
    digests: { ansible, packer, lowest, image: image.identity, files, serviceRole },
  }
}

export function releaseDigests(wanted: ImageContent): ReleaseDigests {
  const { image, roles } = wanted
  return {
    image: image.identity,
    files: digestOfTexts(releaseFiles(wanted)),
    serviceRole: digestOfServiceRole(ownFolder),
    roles: digestOfRoles(roles.path, roles.release),
  }
}

/** Bakeroll's own role that brings a release to a machine. */
export const serviceRoleFolder = 'ansible/roles/service'

/** Of this bakeroll's, or of one that was kept with its path in `root`. */
export function digestOfServiceRole(root: string): string {
  return digestOfFiles(root, filesBelow(root, serviceRoleFolder))
}

/** Of the files of `releaseFiles`. */
export function digestOfTexts({ nginx_conf, service_json }: ReturnType<typeof releaseFiles>): string {
  return digestOf([nginx_conf, service_json])
}

/** They run in their order. */
export function digestOfRoles(path: string | undefined, names: readonly string[]): string {
  if (path === undefined || names.length === 0) return ''
  return digestOf([...names, digestOfFiles(path, filesOfRoles(path, names))])
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

function digestOfFiles(
  root: string,
  files: readonly string[],
  isLeftOut: (file: string) => boolean = () => false,
): string {
  const kept = files.filter((file) => !isLeftOut(file)).sort()
  return digestOf(kept.flatMap((file) => [file, readFileSync(join(root, file), 'latin1')]))
}

function digestOf(texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}:${text}`)
  return hash.digest('hex')
}

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ownFolder } from '../settings/own.ts'
import { type ImageContent, releaseFiles } from './image-content.ts'

/** Digests of the inputs of an image's two layers: same digests, same image. */
export interface Recipe {
  readonly release: string
  readonly base: string
  readonly content: string
  /** Separate digests by name, for the image's record. */
  readonly digests: Readonly<Record<string, string>>
}

/**
 * Reads all inputs of a bake, in a fraction of a second. `source` is the base layer's platform-specific input besides the Ansible
 * roles: plain values in a fixed order.
 */
export function recipeFor(wanted: ImageContent, source: object): Recipe {
  const { release, architecture, image, packages, roles } = wanted
  const ansible = digestOfFiles(
    ownFolder,
    ['ansible/site.yml', 'ansible/ansible.cfg', ...filesBelow(ownFolder, 'ansible/roles')],
    (file) => file.startsWith('ansible/roles/service/'),
  )
  const packer = digestOfFiles(ownFolder, filesBelow(ownFolder, 'packer'))
  const serviceRole = digestOfFiles(ownFolder, filesBelow(ownFolder, 'ansible/roles/service'))
  const own = {
    base: digestOfRoles(roles.path, roles.base),
    release: digestOfRoles(roles.path, roles.release),
  }
  const files = digestOf(Object.values(releaseFiles(wanted)))
  const lowest = digestOf([image.lowestIdentity])
  const base = digestOf([
    ...[JSON.stringify(source), architecture, packages.join(' ')],
    ...[ansible, packer, own.base, lowest],
  ]).slice(0, 12)
  return {
    release,
    base,
    content: digestOf([base, release, image.identity, files, serviceRole, own.release]).slice(0, 12),
    digests: { ansible, packer, lowest, image: image.identity, files, serviceRole },
  }
}

function digestOfRoles(path: string | undefined, names: readonly string[]): string {
  if (path === undefined) return ''
  return digestOfFiles(
    path,
    names.flatMap((name) => filesBelow(path, name)),
  )
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

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { releaseDigest } from '../../app/release.ts'
import { runtimeDigest } from '../../app/runtime.ts'

/** Digests of the inputs of an image's two layers: same digests, same image. */
export interface Recipe {
  readonly release: string
  readonly base: string
  readonly content: string
  /** Separate digests by name, for the image's record. */
  readonly digests: Readonly<Record<string, string>>
}

const project = join(import.meta.dirname, '../..')

/**
 * Reads all inputs of a bake of `release`, in a fraction of a second. `source` is the base layer's platform-specific
 * input besides the Ansible roles: plain values in a fixed order.
 */
export async function recipeFor(release: string, source: object): Promise<Recipe> {
  const [runtime, bundle] = await Promise.all([runtimeDigest(), releaseDigest(release)])
  const ansible = digestOfFiles(['ansible/site.yml', 'ansible/ansible.cfg', ...filesBelow('ansible/roles')], (file) =>
    file.startsWith('ansible/roles/service/'),
  )
  const packer = digestOfFiles(filesBelow('packer'))
  const serviceRole = digestOfFiles(filesBelow('ansible/roles/service'))
  const base = digestOf([JSON.stringify(source), process.arch, runtime, ansible, packer]).slice(0, 12)
  return {
    release,
    base,
    content: digestOf([base, release, bundle, serviceRole]).slice(0, 12),
    digests: { ansible, packer, runtime, bundle, serviceRole },
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(project, join(entry.parentPath, entry.name)))
}

function digestOfFiles(files: string[], isLeftOut: (file: string) => boolean = () => false): string {
  const kept = files.filter((file) => !isLeftOut(file)).sort()
  return digestOf(kept.flatMap((file) => [file, readFileSync(join(project, file), 'utf8')]))
}

function digestOf(texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}:${text}`)
  return hash.digest('hex')
}

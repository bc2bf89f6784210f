import { join } from 'node:path'
import { $ } from 'zx/core'
import { writeRelease } from '../../app/release.ts'
import { runtimeFault, writeRuntime } from '../../app/runtime.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Recipe } from './recipe.ts'

export { writeRuntime }

/** Throws `refused` when the Node that would go into an image does not match its recorded checksum. */
export async function checkRuntime(): Promise<void> {
  const fault = await runtimeFault()
  if (fault !== undefined) throw new OperatorError('refused', fault, { hint: 'npm ci' })
}

/** Variables that point the roles to the Node layer written by `writeRuntime`. */
export function runtimeVariables(recipe: Recipe, { folder }: { readonly folder: string }): Record<string, string> {
  return { runtime_folder: folder, runtime_tag: runtimeTag(recipe) }
}

/** Writes a release as one file into `folder`; returns the variables that point the roles to it. */
export async function releaseVariables(
  release: string,
  recipe: Recipe,
  folder: string,
): Promise<Record<string, string>> {
  const release_archive = await releaseArchive(release, recipe, folder)
  return { release, release_archive, runtime_tag: runtimeTag(recipe) }
}

function runtimeTag(recipe: Recipe): string {
  return (recipe.digests.runtime ?? '').slice(0, 12)
}

/** The release as one tar file whose paths are those on the machine. */
async function releaseArchive(release: string, { digests }: Recipe, folder: string): Promise<string> {
  const { folder: files } = await writeRelease({ release, folder: join(folder, 'release') })
  const places = {
    'nginx/nginx.conf': 'etc/nginx/nginx.conf',
    'version.txt': 'var/www/bakeroll/version.txt',
    'app.mjs': 'opt/bakeroll/release/app.mjs',
    Dockerfile: 'opt/bakeroll/release/Dockerfile',
  }
  const archive = join(folder, 'release.tar')
  const renames = Object.entries(places).map(([from, to]) => `--transform=s|^${from}$|${to}|`)
  // Ansible detects a changed file by its time, so each content gets its own.
  const mtime = Number.parseInt((digests.bundle ?? '').slice(0, 7), 16)
  const same = [`--mtime=@${mtime}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=0644']
  await $({
    quiet: true,
  })`tar --create --file ${archive} --directory ${files} ${same} ${renames} ${Object.keys(places)}`
  return archive
}

import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DebianDisk, DebianSystem } from '../../tools/debian-disk.ts'
import type { Home } from '../home.ts'

/**
 * The Debian disk under a base layer. It takes minutes to make and survives a bake that fails later: it is stored under
 * the hash of its inputs and removed once its base layer exists.
 */
export function disksFolder(home: Home): string {
  return join(home.folder, 'disks')
}

/** Hash of all local inputs of a Debian disk; package versions at the mirror are not included. */
export async function hashOfSystem(system: DebianSystem): Promise<string> {
  const hash = createHash('sha256')
  const { files, finishScript, ...rest } = system
  const texts = [JSON.stringify(rest), process.arch]
  for (const [inside, file] of Object.entries(files)) texts.push(inside, await readFile(file, 'utf8'))
  for (const text of [...texts, await readFile(finishScript, 'utf8')]) hash.update(`${text.length}:${text}`)
  return hash.digest('hex').slice(0, 12)
}

export function diskIn(folder: string): DebianDisk {
  const at = (name: string) => join(folder, name)
  return { disk: at('disk.qcow2'), kernel: at('vmlinuz'), initrd: at('initrd.img') }
}

/**
 * The disk of this hash: the kept one, unless `anew`, else a new one from `make`. One rename puts it in place, so an
 * unfinished disk is never used. All other kept disks are removed.
 */
export async function keptDisk(
  home: Home,
  { hash, anew }: { hash: string; anew: boolean },
  make: (to: DebianDisk) => Promise<void>,
): Promise<DebianDisk> {
  const folder = join(disksFolder(home), hash)
  if (!anew && existsSync(folder)) return diskIn(folder)
  await removeKeptDisks(home)
  const draft = join(disksFolder(home), `.${hash}.draft`)
  await mkdir(draft, { recursive: true, mode: 0o700 })
  await make(diskIn(draft))
  await rename(draft, folder)
  return diskIn(folder)
}

/** Removes every kept disk and unfinished ones; returns the hashes of the kept ones. */
export async function removeKeptDisks(home: Home): Promise<string[]> {
  const kept = keptDisks(home)
  await rm(disksFolder(home), { recursive: true, force: true })
  return kept
}

/** Hashes of the disks that failed bakes left for the next one. */
export function keptDisks(home: Home): string[] {
  const folder = disksFolder(home)
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []
}

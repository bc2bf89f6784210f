import {
  closeSync,
  fchmodSync,
  fchownSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Says why a file could not be written atomically, found out by trying; undefined when it can be. */
export function outputProblem(path: string): string | undefined {
  try {
    const existing = statSync(path, { throwIfNoEntry: false })
    if (existing !== undefined && !existing.isFile()) return `${path} is not a regular file`
    const trial = temporaryPath(resolveLink(path))
    closeSync(openNew(trial))
    rmSync(trial)
    return undefined
  } catch (error) {
    return `cannot write ${path}: ${inWords(error, dirname(path))}`
  }
}

/** Node's own words name the temporary file, which nobody knows. */
function inWords(error: unknown, folder: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known: Record<string, string> = {
    ENOENT: `there is no folder ${folder}`,
    ENOTDIR: `${folder} is no folder`,
    EACCES: `not allowed to write in ${folder}`,
    EROFS: `${folder} is on a read-only file system`,
    ENOSPC: `no space is left for ${folder}`,
  }
  return known[code] ?? (error instanceof Error ? error.message : String(error))
}

/**
 * Replaces a file in one step: a reader sees the old content or the new, never a part; a link stays a link. What is written is
 * meant for others, so everybody may read a new file, whatever the umask; one that was there keeps its mode and its owner.
 * A private one is its owner's alone in any case.
 */
export function writeAtomically(path: string, content: string, { isPrivate = false } = {}): void {
  const target = resolveLink(path)
  const temporary = temporaryPath(target)
  const before = isPrivate ? undefined : statSync(target, { throwIfNoEntry: false })
  try {
    const descriptor = openNew(temporary)
    try {
      writeFileSync(descriptor, content)
      if (before !== undefined) keepOwner(descriptor, before)
      fchmodSync(descriptor, isPrivate ? 0o600 : before === undefined ? 0o644 : before.mode & 0o777)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** What a killed run with this process id left is in nobody's way. */
function openNew(path: string): number {
  rmSync(path, { force: true })
  return openSync(path, 'wx', 0o600)
}

/** Only root gives files away; a member of the group may at least keep that. */
function keepOwner(descriptor: number, { uid, gid }: Stats): void {
  for (const owner of [uid, process.geteuid?.() ?? uid]) {
    try {
      fchownSync(descriptor, owner, gid)
      return
    } catch {
      // Then the file is ours, as any file that we write.
    }
  }
}

function resolveLink(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path)
}

/** Beside the file, since a rename is atomic within one file system only; no `.prom` at its end for node_exporter to read. */
function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
}

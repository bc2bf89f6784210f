import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Says why a file could not be written atomically, found out by trying; undefined when it can be. */
export function outputProblem(path: string): string | undefined {
  try {
    const existing = statSync(path, { throwIfNoEntry: false })
    if (existing !== undefined && !existing.isFile()) return `${path} is not a regular file`
    const trial = temporaryPath(resolveLink(path))
    writeFileSync(trial, '', { flag: 'wx' })
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

/** Replaces a file in one step: a reader sees the old content or the new, never a part; a link stays a link. */
export function writeAtomically(path: string, content: string): void {
  const target = resolveLink(path)
  const temporary = temporaryPath(target)
  try {
    writeFileSync(temporary, content, { flag: 'wx' })
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function resolveLink(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path)
}

/** Beside the file, since a rename is atomic within one file system only; no `.prom` at its end for node_exporter to read. */
function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
}

import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { tryToWrite } from '../atomic-file.ts'

/** Tries whether a file can be written atomically; returns the problem, or undefined. */
export function outputProblem(path: string): string | undefined {
  try {
    const existing = statSync(path, { throwIfNoEntry: false })
    if (existing !== undefined && !existing.isFile()) return `${path} is not a regular file`
    tryToWrite(path)
    return undefined
  } catch (error) {
    return `cannot write ${path}: ${inWords(error, dirname(path))}`
  }
}

/** Node's own message names the temporary file, which means nothing to the user. */
function inWords(error: unknown, folder: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known: Record<string, string> = {
    ENOENT: `there is no folder ${folder}`,
    ENOTDIR: `${folder} is not a folder`,
    EACCES: `not allowed to write in ${folder}`,
    EROFS: `${folder} is on a read-only file system`,
    ENOSPC: `no space left in ${folder}`,
  }
  return known[code] ?? (error instanceof Error ? error.message : String(error))
}

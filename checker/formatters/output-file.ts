import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { tryToWrite } from '../atomic-file.ts'

/** Says why a file could not be written atomically, found out by trying; undefined when it can be. */
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

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The folders of PATH, and the system's, which cron's PATH may lack. */
export function programFolders(): string[] {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin', '/usr/sbin']
}

/** The absolute path of a program in one of the folders; undefined when it is in none. */
export function programIn(name: string, folders: readonly string[] = programFolders()): string | undefined {
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

import { readdirSync, rmSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../../../checker/atomic-file.ts'
import { nameProblem, type SecretStore } from '../../lib/secrets.ts'

/**
 * Secrets of a group below its folder, one file for each with the value and nothing else, so that two verbs never
 * overwrite each other's. For their owner alone, like all of a home.
 */
export function localSecrets(groupFolder: string): SecretStore {
  const folder = secretsFolder(groupFolder)
  return {
    mostBytes: 32_768,
    list: async () =>
      names(folder).flatMap((name) => {
        const found = statSync(join(folder, name), { throwIfNoEntry: false })
        return found === undefined ? [] : [{ name, setAt: found.mtime.toISOString() }]
      }),
    async set(name, value) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeDurably(join(folder, name), value)
    },
    async unset(name) {
      const isSet = names(folder).includes(name)
      // A killed run may have left its draft, value and all.
      const drafts = all(folder).filter((one) => one.startsWith(`.${name}.`))
      for (const one of [name, ...drafts]) rmSync(join(folder, one), { force: true })
      return isSet
    },
  }
}

/** Where the metadata service of an instance reads them. */
export function secretsFolder(groupFolder: string): string {
  return join(groupFolder, 'secrets')
}

function names(folder: string): string[] {
  return all(folder)
    .filter((name) => nameProblem(name) === undefined)
    .sort()
}

function all(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

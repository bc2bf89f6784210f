import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'

/** Where the local platform keeps what it knows: one folder per image, base layer, group and instance. */
export interface Home {
  readonly folder: string
  readonly keys: string
  readonly images: string
  readonly bases: string
  readonly groups: string
}

export function homeAt(folder: string): Home {
  return {
    folder,
    keys: join(folder, 'keys'),
    images: join(folder, 'images'),
    bases: join(folder, 'bases'),
    groups: join(folder, 'groups'),
  }
}

/** Throws a usage error when the home cannot be written; makes nothing. */
export function checkHomeIsWritable(home: Home): void {
  let existing = home.folder
  while (!existsSync(existing)) existing = dirname(existing)
  try {
    if (!statSync(existing).isDirectory()) throw new Error('not a folder')
    accessSync(existing, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new OperatorError('usage', `no permission to write ${existing}, where the state of bakeroll belongs`, {
      hint: 'BAKEROLL_HOME=/a/folder/of/yours moves it',
      cause,
    })
  }
}

/**
 * A folder for UNIX sockets with a path short enough for one (107 bytes), the same for the same home and name. It depends
 * on nothing in the environment: a verb from cron must find the socket of a load balancer that a login started.
 */
export function socketFolder(home: Home, name: string): string {
  const owner = process.getuid?.() ?? 0
  const parent = join('/tmp', `bakeroll-${owner}`)
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(parent)
  if (uid !== owner || (mode & 0o077) !== 0) {
    throw new OperatorError('refused', `${parent} is open to other users of this computer`, {
      hint: `sudo rm -r ${parent}`,
    })
  }
  const folder = join(parent, shortHash(`${home.folder}\0${name}`))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Ten hexadecimal digits that stand for a text. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10)
}

/** Names of the folders inside a folder; none when it does not exist. */
export function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
}

/** The path of a backing file as seen from the disk above it, so that a home can be moved as a whole. */
export function backingPath(disk: string, backing: string): string {
  return relative(dirname(disk), backing)
}

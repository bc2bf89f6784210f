import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'

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

/** Throws a usage error when the home cannot be written, or ssh cannot be told of a key in it; leaves nothing behind. */
export function checkHomeIsWritable(home: Home): void {
  if (/\$\{|[\r\n]/.test(home.folder)) {
    throw new OperatorError('usage', `the home must be one line without \${, got ${JSON.stringify(home.folder)}`, {
      hint: 'BAKEROLL_HOME=/a/folder/of/yours moves it',
    })
  }
  let existing = home.folder
  while (!existsSync(existing)) existing = dirname(existing)
  try {
    if (!statSync(existing).isDirectory()) throw new Error('not a folder')
    accessSync(existing, constants.W_OK | constants.X_OK)
    // A permission is no promise: /proc says yes to root, and makes no folder for anybody.
    if (!existsSync(home.keys)) rmdirSync(mkdtempSync(join(existing, '.bakeroll-')))
  } catch (cause) {
    throw new OperatorError('usage', `no permission to write ${existing}, where the state of bakeroll belongs`, {
      hint: 'BAKEROLL_HOME=/a/folder/of/yours moves it',
      cause,
    })
  }
  if (existing === home.folder && isOfAnother(existing)) {
    throw new OperatorError('usage', `${existing} belongs to another user, who could change the state in it`, {
      hint: 'BAKEROLL_HOME=/a/folder/of/yours moves it',
    })
  }
  const closed = closedFolder(home)
  if (closed !== undefined) {
    throw new OperatorError(
      'usage',
      `no permission to write ${closed}: another user, root perhaps, ran bakeroll here`,
      {
        hint: `sudo chown -R "$USER" ${shellWord(home.folder)}`,
      },
    )
  }
}

/** A folder of ours in the home, or one in such a folder, that this user may not use. */
function closedFolder(home: Home): string | undefined {
  const own = readableNames(home.folder).filter((name) => ownFolders.has(name))
  for (const folder of own.map((name) => join(home.folder, name))) {
    const closed = [folder, ...readableNames(folder).map((name) => join(folder, name))].find(isClosedFolder)
    if (closed !== undefined) return closed
  }
  return undefined
}

function isClosedFolder(path: string): boolean {
  try {
    if (lstatSync(path).isDirectory()) accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return false
  } catch (error) {
    // What another verb has just removed is in nobody's way.
    return !isErrno(error, 'ENOENT')
  }
}

/** The folders that bakeroll makes in a home. */
const ownFolders: ReadonlySet<string> = new Set([
  'aws',
  'bases',
  'disks',
  'groups',
  'images',
  'keys',
  'locks',
  'logs',
  'work',
])

/** Root works in anybody's folder, and what root owns is trusted. */
function isOfAnother(folder: string): boolean {
  return ![process.getuid?.(), 0].includes(statSync(folder).uid) && process.getuid?.() !== 0
}

/** Closes a home now, and at the end of the verb what Packer, QEMU and others have made in it. */
export function keepClosed(home: Home, onExit: (cleanup: () => void) => void): void {
  closeHome(home)
  onExit(() => closeHome(home))
}

/**
 * Takes from everybody else what bakeroll keeps in a home: earlier versions left some of it open to read. The home itself is
 * closed, too, unless it holds what is not bakeroll's: somebody may have put it beside other things.
 */
export function closeHome(home: Home): void {
  const names = readableNames(home.folder)
  const isOwn = (name: string) => ownFolders.has(name) || name.startsWith('demo-roll.')
  if (basename(home.folder) === '.bakeroll' || names.every(isOwn)) close(home.folder)
  for (const name of names.filter(isOwn)) closeAll(join(home.folder, name))
}

function closeAll(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.isSymbolicLink()) return
  close(path)
  // A bake has thousands of files there for its time; behind their closed folder they are nobody else's.
  if (!found.isDirectory() || basename(path) === 'work') return
  for (const name of readableNames(path)) closeAll(join(path, name))
}

/** What another verb has just removed, and what belongs to somebody else, stays as it is. */
function close(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  // A sticky one is for everybody, like /tmp.
  if ((mode & 0o077) === 0 || (mode & 0o1000) !== 0) return
  try {
    chmodSync(path, mode & 0o700)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EPERM')) throw error
  }
}

function readableNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return []
    throw error
  }
}

function isErrno(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

/**
 * A folder of its own for a name in a home, with a path of plain letters that is short enough for UNIX sockets (107 bytes), where
 * nobody else gets in. The same in every call of this process, until it is removed.
 */
export function socketFolder(home: Home, name: string): string {
  closedParent ??= findClosedParent()
  const folder = join(closedParent, createHash('sha256').update(`${home.folder}\0${name}`).digest('hex').slice(0, 10))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Removes it, and the folder around it where that is of this process alone and holds nothing else. */
export function removeSocketFolder(home: Home, name: string): void {
  rmSync(socketFolder(home, name), { recursive: true, force: true })
  if (closedParent === undefined || !closedParent.startsWith(`${usualParent()}-`)) return
  if (readableNames(closedParent).length > 0) return
  rmdirSync(closedParent)
  closedParent = undefined
}

let closedParent: string | undefined

function usualParent(): string {
  return join('/tmp', `bakeroll-${process.getuid?.()}`)
}

/** Somebody else may have taken the usual name in /tmp, or laid a link there: then it is another name, for this process. */
function findClosedParent(): string {
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? ''
  const isPlain = /^\/[\w./-]{1,48}$/.test(runtime)
  const usual = usualParent()
  const found = [...(isPlain && isClosed(runtime) ? [join(runtime, 'bakeroll')] : []), usual].find(makeClosed)
  return found ?? mkdtempSync(`${usual}-`)
}

function makeClosed(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) return false
  }
  return isClosed(folder)
}

function isClosed(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
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

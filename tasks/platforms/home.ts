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

/** The local platform's state: one folder per image, base layer, group and instance. */
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

/** Throws a usage error when the home is not writable, or its path cannot be passed to ssh; leaves nothing behind. */
export function checkHomeIsWritable(home: Home): void {
  if (/\$\{|[\r\n]/.test(home.folder)) {
    throw new OperatorError('usage', `the home must be one line without \${, got ${JSON.stringify(home.folder)}`, {
      hint: 'BAKEROLL_HOME=/your/folder moves it',
    })
  }
  let existing = home.folder
  while (!existsSync(existing)) existing = dirname(existing)
  try {
    if (!statSync(existing).isDirectory()) throw new Error('not a folder')
    accessSync(existing, constants.W_OK | constants.X_OK)
    // Permission bits are not enough: root has them in /proc and still cannot create a folder there.
    if (!existsSync(home.keys)) rmdirSync(mkdtempSync(join(existing, '.bakeroll-')))
  } catch (cause) {
    throw new OperatorError('usage', `no permission to write ${existing}, the place for bakeroll's state`, {
      hint: 'BAKEROLL_HOME=/your/folder moves it',
      cause,
    })
  }
  if (existing === home.folder && isOfAnother(existing)) {
    throw new OperatorError('usage', `${existing} belongs to another user, who could change the state in it`, {
      hint: 'BAKEROLL_HOME=/your/folder moves it',
    })
  }
  const closed = closedFolder(home)
  if (closed !== undefined) {
    throw new OperatorError(
      'usage',
      `no permission to write ${closed}: another user, perhaps root, ran bakeroll here`,
      {
        hint: `sudo chown -R "$USER" ${shellWord(home.folder)}`,
      },
    )
  }
}

/** One of our folders in the home, or one inside it, that this user cannot use. */
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
    // Another verb may have just removed it.
    return !isErrno(error, 'ENOENT')
  }
}

/** Folders that bakeroll creates in a home. */
const ownFolders: ReadonlySet<string> = new Set([
  'aws',
  'bases',
  'containers',
  'disks',
  'groups',
  'images',
  'in-place',
  'keys',
  'locks',
  'logs',
  'work',
])

/** Root may use anybody's folder, and root's own are trusted. */
function isOfAnother(folder: string): boolean {
  return ![process.getuid?.(), 0].includes(statSync(folder).uid) && process.getuid?.() !== 0
}

/** Closes a home now and again when the verb ends, because Packer, QEMU and others write there. */
export function keepClosed(home: Home, onExit: (cleanup: () => void) => void): void {
  closeHome(home)
  onExit(() => closeHome(home))
}

/**
 * Removes other users' access to bakeroll's files: earlier versions left some readable. The home itself is closed too,
 * unless it holds foreign files, because it may be a shared folder.
 */
export function closeHome(home: Home): void {
  const names = readableNames(home.folder)
  const isOwn = (name: string) => ownFolders.has(name) || name.startsWith('demo-roll.')
  if (basename(home.folder) === '.bakeroll' || names.every(isOwn)) close(home.folder)
  for (const name of names.filter(isOwn)) (closedAsWhole.has(name) ? close : closeAll)(join(home.folder, name))
}

/** The closed folder protects what is in it: thousands of files of a bake, and files of roles, whose modes are part of a release. */
const closedAsWhole: ReadonlySet<string> = new Set(['in-place', 'work'])

function closeAll(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.isSymbolicLink()) return
  close(path)
  if (!found.isDirectory()) return
  for (const name of readableNames(path)) closeAll(join(path, name))
}

/** Ignores files that another verb has just removed, and those of other users. */
function close(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  // A sticky folder is for everybody, like /tmp.
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
 * A private folder for a name in a home. Its path has only plain letters and is short enough for UNIX sockets (107
 * bytes). Every call in this process returns the same one until it is removed.
 */
export function socketFolder(home: Home, name: string): string {
  closedParent ??= findClosedParent()
  const folder = join(closedParent, createHash('sha256').update(`${home.folder}\0${name}`).digest('hex').slice(0, 10))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Also removes the parent folder when it belongs to this process alone and is empty. */
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

/** Another user may have taken the usual name in /tmp, or put a link there; then this process uses another name. */
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

/** Names of subfolders; none when the folder does not exist. */
export function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
}

/** The path of a backing file relative to its overlay, so that a home can be moved as a whole. */
export function backingPath(disk: string, backing: string): string {
  return relative(dirname(disk), backing)
}

import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

export interface Replacement {
  /**
   * `kept`: keeps mode and owner of an existing file; a new one gets 0644 whatever the umask, since it is meant for others. A
   * number always sets the mode.
   */
  readonly mode?: number | 'kept'
  /** Waits for the disk, to survive a power failure. */
  readonly isDurable?: boolean
  /** Suffix of the draft's name. Under a lock, a fixed suffix overwrites the draft of a killed run. */
  readonly draft?: string
}

/**
 * Replaces a file atomically: readers see the old or the new content, never a part, even when the disk is full. Follows links.
 * Readable by the owner only, unless `mode` says otherwise.
 */
export function writeAtomically(path: string, content: string, replacement: Replacement = {}): void {
  const target = resolveLink(path)
  const draft = draftOf(target, replacement.draft)
  try {
    const descriptor = fill(draft, content, target, replacement.mode)
    try {
      if (replacement.isDurable) fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  if (replacement.isDurable) syncFolder(dirname(target))
}

/** Durable `writeAtomically` that does not block: a busy disk can take seconds. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const target = resolveLink(path)
  drafts += 1
  const draft = draftOf(target, `${process.pid}.${drafts}.tmp`)
  try {
    const descriptor = fill(draft, content, target)
    await promisify(fsync)(descriptor).finally(() => closeSync(descriptor))
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  syncFolder(dirname(target))
}

/** Counts this process's drafts: it may be writing a file several times at once. */
let drafts = 0

/** Throws what `writeAtomically` would throw; changes nothing. */
export function tryToWrite(path: string): void {
  const draft = draftOf(resolveLink(path))
  closeSync(openNew(draft))
  rmSync(draft)
}

/** Writes the whole draft and returns its descriptor. */
function fill(draft: string, content: string, target: string, mode: Replacement['mode'] = 0o600): number {
  const before = mode === 'kept' ? statSync(target, { throwIfNoEntry: false }) : undefined
  const descriptor = openNew(draft)
  try {
    writeFileSync(descriptor, content)
    if (before !== undefined) keepOwner(descriptor, before)
    fchmodSync(descriptor, mode === 'kept' ? (before?.mode ?? 0o644) & 0o777 : mode)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  return descriptor
}

/** Removes the draft of a killed run with this process id; does not follow a planted link. */
function openNew(path: string): number {
  rmSync(path, { force: true })
  return openSync(path, 'wx', 0o600)
}

/** Only root can change the owner; a member of the group can at least keep the group. */
function keepOwner(descriptor: number, { uid, gid }: Stats): void {
  for (const owner of [uid, process.geteuid?.() ?? uid]) {
    try {
      fchownSync(descriptor, owner, gid)
      return
    } catch {
      // Then we own it, like any new file.
    }
  }
}

function resolveLink(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path)
}

/**
 * In the same folder, since a rename is atomic only within a file system; not ending in `.prom`, which node_exporter would read.
 */
function draftOf(target: string, end = `${process.pid}.tmp`): string {
  return join(dirname(target), `.${basename(target)}.${end}`)
}

/** Makes the new name durable, where the system supports it. */
function syncFolder(path: string): void {
  try {
    const descriptor = openSync(path, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Then a power failure may bring back the old content, complete.
  }
}

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

/** How a file is replaced. */
export interface Replacement {
  /**
   * `kept`: of a file that is there its mode and its owner, of a new one 0644, whatever the umask, since it is meant for others.
   * A number is the mode in any case.
   */
  readonly mode?: number | 'kept'
  /** Survives a power failure, for which it waits for the disk. */
  readonly isDurable?: boolean
  /** How the name of the draft ends. Where a lock keeps others away, a fixed one has what a killed run left written over. */
  readonly draft?: string
}

/**
 * Replaces a file in one step: a reader sees the old content or the new, never a part, also when the disk is full; a link stays a
 * link. For its owner alone, unless `mode` says otherwise.
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

/** `writeAtomically`, durable, while other work goes on: a busy disk lets one wait for seconds. */
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

/** Of this process: several of one file may be under way. */
let drafts = 0

/** Throws as `writeAtomically` would, and changes nothing. */
export function tryToWrite(path: string): void {
  const draft = draftOf(resolveLink(path))
  closeSync(openNew(draft))
  rmSync(draft)
}

/** Writes all of the draft, however often the system takes a part of it only, and gives its descriptor. */
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

/** What a killed run with this process id left is in nobody's way; a link that somebody laid there is not followed. */
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
function draftOf(target: string, end = `${process.pid}.tmp`): string {
  return join(dirname(target), `.${basename(target)}.${end}`)
}

/** The new name itself is on the disk only then; not every system can do it. */
function syncFolder(path: string): void {
  try {
    const descriptor = openSync(path, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Then the old content may come back after a power failure, whole all the same.
  }
}

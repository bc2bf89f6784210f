import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { writeAtomically } from '../../../checker/atomic-file.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../../../checker/process-identity.ts'
import { OperatorError } from '../../lib/errors.ts'
import type { Lock, LockOwner } from '../../lib/platform.ts'

/** All bakes of a home share this lock. */
export function bakeLockFile(home: { readonly folder: string }): string {
  return join(home.folder, 'locks', '.bake')
}

interface LockFile extends LockOwner, ProcessIdentity {
  /** Identifies one attempt to take the lock. */
  readonly token: string
}

/**
 * Takes a lock file, or throws `refused` with owner and age. The file is written atomically; when its owner is dead,
 * exactly one process takes it over.
 */
export async function takeLock(
  file: string,
  verb: string,
  patienceMs = 10_000,
): Promise<Lock & { takenOver?: LockOwner }> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const own: LockFile = {
    verb,
    owner: `${userName()}@${hostname()}, process ${process.pid}`,
    since: new Date().toISOString(),
    token: randomUUID(),
    ...thisProcess(),
  }
  const takenOver = alone(join(dirname(file), '.guard'), patienceMs, () => claim(file, own))
  const lock = { release: async () => releaseLock(file, own) }
  return takenOver === undefined ? lock : { ...lock, takenOver }
}

/** In many containers the user has no entry in the password database, only a number. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}

/** SQLITE_BUSY (https://www.sqlite.org/rescode.html). */
const busy = 5

/**
 * Runs `work` while no other process does under the same guard. Checking and taking over a lock is not atomic; SQLite's
 * lock on the guard file makes it so, and the system releases that when the process dies.
 */
function alone<T>(guard: string, patienceMs: number, work: () => T): T {
  // Anyone who can read a file can lock it, so it is created for its owner alone before SQLite opens it.
  closeSync(openSync(guard, 'a', 0o600))
  const database = new DatabaseSync(guard, { timeout: patienceMs })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return work()
  } catch (cause) {
    if ((cause as { errcode?: number }).errcode !== busy) throw cause
    throw new OperatorError('refused', `another process has held ${guard} for ${patienceMs / 1000} s`, {
      hint: 'lslocks names the process',
      cause,
    })
  } finally {
    database.close()
  }
}

/** Returns the dead owner of the lock, if any. */
function claim(file: string, own: LockFile): LockOwner | undefined {
  const holder = read(file)
  if (holder !== undefined && isAlive(holder)) throw refusal(holder)
  writeAtomically(file, JSON.stringify(own), { draft: 'draft' })
  return holder
}

/** Undefined when nobody holds the lock or its process is dead. */
export function lockOwnerOf(file: string): LockOwner | undefined {
  const holder = read(file)
  return holder !== undefined && isAlive(holder) ? holder : undefined
}

function releaseLock(file: string, own: LockFile): void {
  if (read(file)?.token === own.token) rmSync(file, { force: true })
}

function refusal(holder: LockFile): OperatorError {
  const age = Math.max(0, Math.round((Date.now() - Date.parse(holder.since)) / 1000))
  return new OperatorError('refused', `${holder.verb} has been running for ${age} s (${holder.owner})`, {
    hint: holder.verb === 'bake' ? 'wait for it to finish' : 'wait for it to finish; npm run status shows the group',
  })
}

function read(file: string): LockFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) ?? undefined
  } catch {
    return undefined
  }
}

import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { writeAtomically } from '../atomic-file.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../process-identity.ts'

/** A lock that this process holds until it is released. */
export interface RunLock {
  readonly release: () => void
  /** Why there is no lock, as when the disk is full: a check that is made twice is better than none. */
  readonly problem?: string
}

/** Who holds the lock, in words: `another run is under way since 2026-01-01T00:00:00.000Z (process 4711)`. */
export interface Busy {
  readonly busy: string
}

interface Holder extends ProcessIdentity {
  /** Tells this taking from every other. */
  readonly token: string
  readonly host: string
  readonly since: string
}

/** A process on another host (or in another container) cannot be seen; no run lasts as long as this. */
const unseenHolderMs = 600_000

/** Takes the lock of a state file, `FILE.lock`, for one run; the lock of a dead process is taken over, by one run only. */
export function lockRun(stateFile: string, nowMs: number): RunLock | Busy {
  const own: Holder = {
    token: randomBytes(6).toString('hex'),
    ...thisProcess(),
    host: hostname(),
    since: new Date(nowMs).toISOString(),
  }
  try {
    return take(`${stateFile}.lock`, own, nowMs)
  } catch (error) {
    const problem = `the lock could not be taken: ${error instanceof Error ? error.message : error}`
    return { release: () => {}, problem }
  }
}

function take(file: string, own: Holder, nowMs: number): RunLock | Busy {
  const draft = `${file}.${own.token}`
  writeFileSync(draft, JSON.stringify(own), { flag: 'wx', mode: 0o600 })
  try {
    const holder = claim(file, draft, own, nowMs)
    return holder === undefined ? { release: () => release(file, own) } : busy(holder)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Gives who holds the lock, undefined when it is ours now. A link appears whole or, when the name is taken, not at all. */
function claim(file: string, draft: string, own: Holder, nowMs: number): Holder | undefined {
  for (;;) {
    try {
      linkSync(draft, file)
      return undefined
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = read(file)
    if (holder === undefined) continue
    if (isStillHeld(holder, nowMs)) return holder
    const winner = takeOver(file, holder, own, nowMs)
    if (winner !== 'again') return winner
  }
}

/** To see that a holder is dead and to replace it are two steps; who may do them is settled by a lock named after the dead. */
function takeOver(file: string, dead: Holder, own: Holder, nowMs: number): Holder | undefined | 'again' {
  const right = take(`${file}.${dead.token}`, { ...own, token: randomBytes(6).toString('hex') }, nowMs)
  if ('busy' in right) return { ...own, pid: 0 }
  try {
    if (read(file)?.token !== dead.token) return 'again'
    writeAtomically(file, JSON.stringify(own), { draft: own.token })
    return undefined
  } finally {
    right.release()
  }
}

function release(file: string, own: Holder): void {
  if (read(file)?.token === own.token) rmSync(file, { force: true })
}

function busy({ since, pid, host }: Holder): Busy {
  const where = host === hostname() ? '' : ` on ${host}`
  return { busy: `another run is under way since ${since}${pid === 0 ? '' : ` (process ${pid}${where})`}` }
}

/** Undefined when there is no lock; what makes no sense belongs to nobody. */
function read(file: string): Holder | undefined {
  try {
    const { token, pid, started, host, since } = JSON.parse(readFileSync(file, 'utf8'))
    if (/^[0-9a-f]{12}$/.test(token) && Number.isSafeInteger(pid)) {
      return { token, pid, started: String(started), host: String(host), since: String(since) }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
  }
  return { token: 'unreadable', pid: 0, started: '', host: hostname(), since: 'unknown' }
}

function isStillHeld(holder: Holder, nowMs: number): boolean {
  if (holder.host === hostname()) return isAlive(holder)
  return Math.abs(nowMs - Date.parse(holder.since)) < unseenHolderMs
}

import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { writeAtomically } from '../atomic-file.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../process-identity.ts'

export interface RunLock {
  readonly release: () => void
  /** Why there is no lock, such as a full disk: checking twice is better than not at all. */
  readonly problem?: string
}

/** `another run is under way since 2026-01-01T00:00:00.000Z (process 4711)`. */
export interface Busy {
  readonly busy: string
}

interface Holder extends ProcessIdentity {
  /** Identifies this acquisition. */
  readonly token: string
  readonly host: string
  readonly since: string
}

/** We cannot see processes on another host or in another container; no run takes this long. */
const unseenHolderMs = 600_000

/** Takes the lock of a state file, `FILE.lock`, for one run; exactly one run takes over the lock of a dead process. */
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

/** Returns the holder, undefined when the lock is ours now. `link` creates the complete file or fails if the name exists. */
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

/** Detecting and replacing a dead holder is not atomic, so it is guarded by a lock named after the dead holder's token. */
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

/** Undefined when there is no lock; an unreadable one has no owner. */
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

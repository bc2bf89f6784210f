import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { dirname } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import type { Lock, LockOwner } from '../platform.ts'

interface LockFile extends LockOwner {
  /** Tells this taking of the lock from every other. */
  readonly token: string
  readonly pid: number
  /** When that process started, as the system counts it: a used-again process id is no owner. */
  readonly processStarted: string
}

/**
 * Takes a lock file, or throws a refusal that names owner and age. The file appears whole or not at all (link of a
 * finished file); one whose process is dead is taken over.
 */
export async function takeLock(file: string, verb: string): Promise<Lock & { takenOver?: LockOwner }> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.draft`
  const own: LockFile = {
    verb,
    owner: `${userInfo().username}@${hostname()}, process ${process.pid}`,
    since: new Date().toISOString(),
    token: randomUUID(),
    pid: process.pid,
    processStarted: processStart(process.pid) ?? '',
  }
  await writeFile(draft, JSON.stringify(own), { mode: 0o600 })
  try {
    const takenOver = await claim(file, draft)
    const lock = { release: async () => releaseLock(file, own) }
    return takenOver === undefined ? lock : { ...lock, takenOver }
  } finally {
    await rm(draft, { force: true })
  }
}

async function claim(file: string, draft: string): Promise<LockOwner | undefined> {
  let takenOver: LockFile | undefined
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      await link(draft, file)
      return takenOver
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = read(file)
    if (holder !== undefined && isAlive(holder)) throw refusal(holder)
    takenOver = holder
    // Whoever renames it first may go on; the other finds a new file, or none.
    const stale = `${draft}.stale`
    await rename(file, stale).catch(() => undefined)
    await rm(stale, { force: true })
  }
  throw new OperatorError('refused', `the lock ${file} changes hands all the time`)
}

/** Who holds the lock now; `undefined` when nobody does or its process is dead. */
export function lockOwnerOf(file: string): LockOwner | undefined {
  const holder = read(file)
  return holder !== undefined && isAlive(holder) ? holder : undefined
}

function releaseLock(file: string, own: LockFile): void {
  if (read(file)?.token === own.token) rmSync(file, { force: true })
}

function refusal(holder: LockFile): OperatorError {
  const age = Math.max(0, Math.round((Date.now() - Date.parse(holder.since)) / 1000))
  return new OperatorError('refused', `${holder.verb} is under way for ${age} s (${holder.owner})`, {
    hint: 'wait until it ends; npm run status shows the group',
  })
}

function read(file: string): LockFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(holder: LockFile): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = processStart(holder.pid)
  return started === undefined ? process.platform !== 'linux' : started === holder.processStarted
}

/** The start time in /proc/PID/stat (field 22, proc_pid_stat(5)); `undefined` where there is no such file or it is a zombie. */
function processStart(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

import { readFileSync } from 'node:fs'

/** A process on this computer. Process ids are reused, so the start time is part of the identity. */
export interface ProcessIdentity {
  readonly pid: number
  /** In clock ticks since boot; empty when unknown. */
  readonly started: string
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: processStart(process.pid) ?? '' }
}

/** Whether this very process still runs: not a later one with the same id, and not a zombie. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  let isOurs = true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
    isOurs = false
  }
  const found = processStart(pid)
  // One of our own processes without a start time is a zombie; another user's may be hidden from us.
  if (found === undefined) return !isOurs || process.platform !== 'linux'
  return !started || started === found
}

/** The start time in /proc/PID/stat (field 22, proc_pid_stat(5)); undefined for a zombie, or without such a file. */
function processStart(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

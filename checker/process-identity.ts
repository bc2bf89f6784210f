import { readFileSync } from 'node:fs'

/** A process of this computer. Its id is used again after its end, so the moment of its start is part of it. */
export interface ProcessIdentity {
  readonly pid: number
  /** In clock ticks since the boot; empty where the system, or whoever wrote this down, does not tell. */
  readonly started: string
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: processStart(process.pid) ?? '' }
}

/** Whether that very process still runs: neither a later one of the same id, nor one that has ended and is not yet reaped. */
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
  // A process of ours without a start time is a zombie; that of another user may be hidden from us.
  if (found === undefined) return !isOurs || process.platform !== 'linux'
  return !started || started === found
}

/** The start time in /proc/PID/stat (field 22, proc_pid_stat(5)); undefined where there is no such file or it is a zombie. */
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

import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../lib/errors.ts'
import { patientMs } from './pace-measurement.ts'

/**
 * The process id in a pid file, if that process runs and its command line contains `mark`. Process ids are reused,
 * especially after a restart of the computer, so the number alone proves nothing.
 */
export function ownProcess(pidFile: string, mark: string): number | undefined {
  let pid: number
  try {
    pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  } catch {
    return undefined
  }
  return Number.isInteger(pid) && pid > 1 && commandLine(pid).includes(mark) ? pid : undefined
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export function processRuns(pidFile: string, mark: string): boolean {
  return ownProcess(pidFile, mark) !== undefined
}

/**
 * Ends the process of `ownProcess`: SIGTERM, SIGKILL after five seconds, an error after twenty, all longer on a busy
 * computer. Then removes the pid file. A virtual machine ends at once, as if unplugged. `mark` is the pid file's name
 * in its command line, if different. `asGroup`: with all that it started, as the leader of its process group.
 */
export async function stopProcess(pidFile: string, mark = pidFile, asGroup = false): Promise<void> {
  const pid = ownProcess(pidFile, mark)
  if (pid !== undefined) {
    const startedMs = Date.now()
    const isOver = (ms: number) => Date.now() - startedMs > patientMs(ms)
    const target = asGroup ? -pid : pid
    send(target, 'SIGTERM')
    while (ownProcess(pidFile, mark) === pid) {
      if (isOver(5000)) send(target, 'SIGKILL')
      if (isOver(20_000)) throw new OperatorError('failed', `process ${pid} does not end`, { hint: `kill -9 ${pid}` })
      await sleep(50)
    }
    // What the leader started may outlive it.
    if (asGroup) send(target, 'SIGKILL')
  }
  await rm(pidFile, { force: true })
}

/** A process that has just ended is no error. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../lib/errors.ts'
import { patientMs } from './pace-measurement.ts'

/**
 * The id of the process that a pid file names, when it runs and its command line holds `mark`. Process ids are used
 * again, after a restart of the computer above all, so the number alone proves nothing.
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

/** Whether the process of `ownProcess` runs. */
export function processRuns(pidFile: string, mark: string): boolean {
  return ownProcess(pidFile, mark) !== undefined
}

/**
 * Asks the process of `ownProcess` to end (SIGTERM), insists after five seconds (SIGKILL), gives up after twenty, all longer on
 * a busy computer, and removes the pid file. A virtual machine ends at once, as by pulling its plug. `mark` is how its command line
 * calls the pid file, where that is another name.
 */
export async function stopProcess(pidFile: string, mark = pidFile): Promise<void> {
  const pid = ownProcess(pidFile, mark)
  if (pid !== undefined) {
    const startedMs = Date.now()
    const isOver = (ms: number) => Date.now() - startedMs > patientMs(ms)
    send(pid, 'SIGTERM')
    while (ownProcess(pidFile, mark) === pid) {
      if (isOver(5000)) send(pid, 'SIGKILL')
      if (isOver(20_000)) throw new OperatorError('failed', `process ${pid} does not end`, { hint: `kill -9 ${pid}` })
      await sleep(50)
    }
  }
  await rm(pidFile, { force: true })
}

/** A process that has ended between a look and a signal is no error. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

import { spawn } from 'node:child_process'
import { type Message, noticeFacts } from '../notice-text.ts'
import type { Notice } from '../state.ts'
import { DeliveryError, describeSystemError } from './delivery-error.ts'

/** The command itself may hold a secret, and everybody sees the arguments of a process. */
const hidden = 'command=$BAKEROLL_ALARM_COMMAND; unset BAKEROLL_ALARM_COMMAND; eval "$command"'

/** Runs a command of the user's by a shell for each notice: its facts in the environment and, as JSON, on stdin. */
export async function sendToCommand(command: string, { key, notices }: Message, signal: AbortSignal): Promise<void> {
  for (const notice of notices) {
    const environment = { ...process.env, ...noticeEnvironment(key, notice), BAKEROLL_ALARM_COMMAND: command }
    const input = `${JSON.stringify({ ...noticeFacts(notice), key })}\n`
    await runProgram('sh', ['-c', hidden], { input, environment, signal })
  }
}

/** The variables that a command gets. */
export function noticeEnvironment(key: string, notice: Notice): Record<string, string> {
  const { kind, verdict, target, url, address, previousVerdict, summary, since, at, times } = noticeFacts(notice)
  const facts = { key, kind, verdict, target, url, address, previousVerdict, summary, since, at, times }
  const all = { ...facts, reasons: notice.reasons.join('\n'), outage: notice.outage }
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      `BAKEROLL_ALARM_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
      String(value ?? ''),
    ]),
  )
}

interface ProgramRun {
  readonly input: string
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Runs a program to its end; anything but exit code 0 is a failure. When the signal comes, it and its children are killed. */
export function runProgram(
  program: string,
  argv: readonly string[],
  { input, environment, signal }: ProgramRun,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new DeliveryError('no time was left'))
      return
    }
    const child = spawn(program, argv, { env: environment, stdio: ['pipe', 'ignore', 'pipe'], detached: true })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk).slice(-4096)
    })
    // Who does not read its stdin is not wrong.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const kill = () => {
      killGroup(child.pid)
      reject(new DeliveryError('did not end in time and was killed'))
    }
    signal.addEventListener('abort', kill, { once: true })
    child.once('error', (error) => reject(new DeliveryError(describeSystemError(error), { cause: error })))
    // Not 'close': what it left running in the background may keep its stderr open.
    child.once('exit', (code, killer) => {
      signal.removeEventListener('abort', kill)
      child.stderr.destroy()
      if (code === 0) resolve()
      else reject(new DeliveryError(`${killer ?? `exit code ${code}`}${lastLine(complaint)}`))
    })
  })
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself just now.
  }
}

/** A command complains with its secrets in it: of an address only the host is kept, and whatever looks like a token is not. */
function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1)?.trim().slice(0, 200) ?? ''
  const safe = line
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/?#]+)\S*/gi, '$1$2')
    .replace(/[\w+/=-]{20,}/g, '...')
  return safe === '' ? '' : `: ${safe}`
}

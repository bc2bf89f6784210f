import { spawn } from 'node:child_process'
import { type Message, noticeFacts } from '../notice-text.ts'
import type { Notice } from '../state.ts'
import { DeliveryError, describeSystemError } from './delivery-error.ts'

/** Passed in the environment: the command may contain a secret, and everyone can see the arguments of a process. */
const hidden = 'command=$BAKEROLL_ALARM_COMMAND; unset BAKEROLL_ALARM_COMMAND; eval "$command"'

/** Runs the user's shell command for each notice, with its facts in the environment and as JSON on stdin. */
export async function sendToCommand(command: string, { key, notices }: Message, signal: AbortSignal): Promise<void> {
  for (const notice of notices) {
    const environment = { ...process.env, ...noticeEnvironment(key, notice), BAKEROLL_ALARM_COMMAND: command }
    const input = `${JSON.stringify({ ...noticeFacts(notice), key })}\n`
    await runProgram('sh', ['-c', hidden], { input, environment, signal })
  }
}

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

/** Runs a program; any exit code but 0 is a failure. The signal kills it and its children. */
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
    // A program need not read its stdin.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const kill = () => {
      killGroup(child.pid)
      reject(new DeliveryError('did not finish in time and was killed'))
    }
    signal.addEventListener('abort', kill, { once: true })
    child.once('error', (error) => reject(new DeliveryError(describeSystemError(error), { cause: error })))
    // Not 'close': a background process may keep its stderr open.
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
    // It has just exited.
  }
}

/** Error output may contain secrets: keep only the host of a url, and nothing that looks like a token. */
function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1)?.trim().slice(0, 200) ?? ''
  const safe = line
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/?#]+)\S*/gi, '$1$2')
    .replace(/[\w+/=-]{20,}/g, '...')
  return safe === '' ? '' : `: ${safe}`
}

import type { ChildProcess } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { $, type ProcessOutput } from 'zx/core'
import { OperatorError } from '../lib/errors.ts'

export interface Ended {
  readonly failed: boolean
  /** Its output, both streams in order; or a message that it is not installed. */
  readonly said: string
  readonly cause: ProcessOutput
}

/** Whether the shell found no such program (POSIX, 2.8.2); bash returns 126 when a folder on PATH has that name. */
export function isMissing(program: string, { exitCode, stdout }: Pick<ProcessOutput, 'exitCode' | 'stdout'>): boolean {
  return (exitCode === 127 || exitCode === 126) && stdout.includes(`exec: ${program}: `)
}

/**
 * Runs an outside program with empty input. The shell execs it, so that a stop sends SIGTERM to the program itself, and
 * SIGKILL after five seconds; then throws `interrupted`. The program does not outlive this process.
 */
export async function runToEnd(
  argv: readonly string[],
  { signal, stopped = `${argv[0]} was stopped`, onLine, env, cwd, asGroup = false, pidFile }: RunOptions = {},
): Promise<Ended> {
  const interrupted = (cause?: unknown) => new OperatorError('interrupted', stopped, { cause })
  if (signal?.aborted) throw interrupted()
  const folder = cwd === undefined ? {} : { cwd }
  const running = $({ ...quietly, ...folder, detached: asGroup, env: { ...process.env, ...env } })`exec ${argv} 2>&1`
  if (pidFile !== undefined) writeFileSync(pidFile, String(running.pid), { mode: 0o600 })
  // zx's own `signal` would close the streams before the last output.
  let killTimer: NodeJS.Timeout | undefined
  const stop = () => {
    terminate(running.child, 'SIGTERM', asGroup)
    killTimer = setTimeout(() => terminate(running.child, 'SIGKILL', asGroup), graceMs).unref()
  }
  // This process may end before the program, by an error elsewhere.
  const leave = () => terminate(running.child, 'SIGTERM', asGroup)
  signal?.addEventListener('abort', stop)
  process.once('exit', leave)
  try {
    if (onLine) for await (const line of running) onLine(line)
    const ended = await running
    if (signal?.aborted) throw interrupted(ended)
    const [program = ''] = argv
    const said = isMissing(program, ended) ? `${program} is not installed` : ended.stdout
    return { failed: !ended.ok, said, cause: ended }
  } finally {
    clearTimeout(killTimer)
    signal?.removeEventListener('abort', stop)
    process.off('exit', leave)
    if (pidFile !== undefined) rmSync(pidFile, { force: true })
  }
}

/** Between SIGTERM and SIGKILL. */
const graceMs = 5000

/** A program run by sudo as root ignores our signals; a terminal's Ctrl-C still reaches it. */
function terminate(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL', asGroup: boolean): void {
  // A group may outlive its leader, and hold its output open.
  if (asGroup ? child?.pid === undefined : child?.exitCode !== null || child.signalCode !== null) return
  try {
    if (asGroup) process.kill(-(child?.pid ?? 0), signal)
    else child?.kill(signal)
  } catch {
    // Then just wait for it.
  }
}

/** A program's standard output; empty when it fails or is not installed. */
export async function answerOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { ok, stdout } = await $({ ...quietly, env: { ...process.env, ...env } })`exec ${argv}`
  return ok ? stdout : ''
}

interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** The message of an interruption. */
  readonly stopped?: string
  /** Called with each line as it comes. */
  readonly onLine?: (line: string) => void
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv
  /** Its working folder. */
  readonly cwd?: string
  /** Also stops what it starts, for programs that leave this to the terminal. */
  readonly asGroup?: boolean
  /** Holds its process id while it runs, for a later run after this process was killed. */
  readonly pidFile?: string | undefined
}

const quietly: { quiet: boolean; nothrow: boolean; stdio: ['ignore', 'pipe', 'pipe'] } = {
  quiet: true,
  nothrow: true,
  stdio: ['ignore', 'pipe', 'pipe'],
}

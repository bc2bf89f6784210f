import type { ChildProcess } from 'node:child_process'
import { $, type ProcessOutput } from 'zx/core'
import { OperatorError } from '../lib/errors.ts'

/** A program that has run to its end. */
export interface Ended {
  readonly failed: boolean
  /** All that it said, on both streams, in its order; that it is not installed where it is not. */
  readonly said: string
  readonly cause: ProcessOutput
}

/** Whether the shell found no program of that name to become (POSIX, 2.8.2); bash says 126 where a folder here has the name. */
export function isMissing(program: string, { exitCode, stdout }: Pick<ProcessOutput, 'exitCode' | 'stdout'>): boolean {
  return (exitCode === 127 || exitCode === 126) && stdout.includes(`exec: ${program}: `)
}

/**
 * Runs an outside program to its end; it has nothing to read. A shell becomes the program, so that a stop, SIGTERM, meets
 * the program itself, and SIGKILL one that goes on for five seconds; then throws `interrupted`. It does not outlive this process.
 */
export async function runToEnd(
  argv: readonly string[],
  { signal, stopped = `${argv[0]} was stopped`, onLine, env }: RunOptions = {},
): Promise<Ended> {
  const interrupted = (cause?: unknown) => new OperatorError('interrupted', stopped, { cause })
  if (signal?.aborted) throw interrupted()
  const running = $({ ...quietly, env: { ...process.env, ...env } })`exec ${argv} 2>&1`
  // zx's own `signal` would close the streams before the last words.
  let killTimer: NodeJS.Timeout | undefined
  const stop = () => {
    terminate(running.child, 'SIGTERM')
    killTimer = setTimeout(() => terminate(running.child, 'SIGKILL'), graceMs).unref()
  }
  // This process may end before the program does, by an error elsewhere.
  const leave = () => terminate(running.child, 'SIGTERM')
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
  }
}

/** What a program has to end in after it was asked to. */
const graceMs = 5000

/** One that root runs, by sudo, takes no signal of ours; the Ctrl-C of a terminal meets it all the same. */
function terminate(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child?.exitCode !== null || child.signalCode !== null) return
  try {
    child.kill(signal)
  } catch {
    // Then its end is awaited.
  }
}

/** The standard output of a question to a program; empty where there is no such program. */
export async function answerOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { ok, stdout } = await $({ ...quietly, env: { ...process.env, ...env } })`exec ${argv}`
  return ok ? stdout : ''
}

interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** What an interruption says. */
  readonly stopped?: string
  /** Called with each line as it comes. */
  readonly onLine?: (line: string) => void
  /** Beside the environment of this process. */
  readonly env?: NodeJS.ProcessEnv
}

const quietly: { quiet: boolean; nothrow: boolean; stdio: ['ignore', 'pipe', 'pipe'] } = {
  quiet: true,
  nothrow: true,
  stdio: ['ignore', 'pipe', 'pipe'],
}

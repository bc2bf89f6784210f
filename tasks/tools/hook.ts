import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { type HookedImage, type HookedInstance, variablesOf, variablesOfImage } from '../lib/roll/hooks.ts'

/** A user's command that runs around an instance's change. */
export interface Hook {
  /** The name of its flag. */
  readonly name: 'before-roll' | 'before-terminate' | 'after-accept'
  /** Text for `sh -c`, as the user wrote it; what it is about is passed in environment variables only. */
  readonly command: string
  readonly timeoutSeconds: number
  readonly group: string
  /** Working directory. */
  readonly folder: string
  /** Gets each line of its output. */
  readonly progress: Pick<Progress, 'event'>
  readonly signal?: AbortSignal | undefined
}

/** Between SIGTERM and SIGKILL. */
const graceMs = 5000

/** Wait for output of a process that has left the hook's group. */
const lastWordsMs = 1000

/**
 * The hook as a function for the roll. It runs in its own process group, which is ended as a whole when the shell has
 * ended, at the time limit, and when the operator stops the roll. Rejects with `failed`, or `interrupted` when it was
 * stopped.
 */
export function hookCommand(hook: Hook): (instance: HookedInstance) => Promise<void> {
  return async (instance) => {
    assertDone(hook, instance.id, await runHook(hook, instance.id, variablesOf(hook.name, hook.group, instance)))
  }
}

/** The same for the hook before a roll. */
export function beforeRollCommand(hook: Hook): (image: HookedImage) => Promise<void> {
  return async (image) => {
    assertDone(hook, image.id, await runHook(hook, image.id, variablesOfImage(hook.group, image)))
  }
}

function assertDone(hook: Hook, id: string, end: HookEnd): void {
  if (end.stopped === 'by the operator') {
    throw new OperatorError('interrupted', `the ${hook.name} hook of ${id} was stopped`)
  }
  if (end.problem === undefined) return
  const said = end.lastError === '' ? '' : `: ${end.lastError}`
  throw new OperatorError('failed', `${hook.name} hook failed for ${id} (${end.problem})${said}`, {
    hint: `the command is: ${hook.command}`,
  })
}

interface HookEnd {
  readonly stopped: 'by the operator' | 'at the time limit' | undefined
  /** Undefined on success. */
  readonly problem: string | undefined
  /** Its last line on stderr. */
  readonly lastError: string
}

async function runHook(hook: Hook, id: string, variables: Readonly<Record<string, string>>): Promise<HookEnd> {
  const { name, command, timeoutSeconds, folder, progress, signal } = hook
  if (signal?.aborted) return { stopped: 'by the operator', problem: 'not started', lastError: '' }
  const child = spawn('sh', ['-c', command], {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let lastError = ''
  const tell = (line: string) => progress.event(`${name} ${id}: ${line}`)
  eachLine(child.stdout, tell)
  eachLine(child.stderr, (line) => {
    if (line.trim() !== '') lastError = line.trim()
    tell(line)
  })
  const watch = watchGroup(child, hook)
  const closed = once(child, 'close')
  closed.catch(() => {})
  try {
    const [code, killedBy] = await whileRunning(child, once(child, 'exit'))
    await endRest(child, closed)
    const stopped = watch.stopped()
    const problem = stopped === 'at the time limit' ? `longer than ${timeoutSeconds} s` : exitProblem(code, killedBy)
    return { stopped, problem, lastError }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { stopped: watch.stopped(), problem: `not started: ${reason}`, lastError }
  } finally {
    watch.end()
  }
}

/** Stops the whole group at the time limit and at the operator's request; `stopped` returns the reason. */
function watchGroup(child: ChildProcess, { timeoutSeconds, signal }: Pick<Hook, 'timeoutSeconds' | 'signal'>) {
  let stopped: HookEnd['stopped']
  let killTimer: NodeJS.Timeout | undefined
  const stop = (why: NonNullable<HookEnd['stopped']>) => {
    stopped ??= why
    signalGroup(child, 'SIGTERM')
    killTimer ??= setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  }
  const limit = setTimeout(() => stop('at the time limit'), timeoutSeconds * 1000)
  const onAbort = () => stop('by the operator')
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    stopped: () => stopped,
    end() {
      clearTimeout(limit)
      clearTimeout(killTimer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

function exitProblem(code: number | null, killedBy: NodeJS.Signals | null): string | undefined {
  if (code === 0) return undefined
  return code === null ? `ended by ${killedBy}` : `exit ${code}`
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', take)
}

/** Ends processes that the shell left behind, and waits for their last output. */
async function endRest(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  signalGroup(child, 'SIGTERM')
  const insistAtMs = performance.now() + graceMs
  while (performance.now() < insistAtMs && signalGroup(child, 0)) await sleep(20)
  signalGroup(child, 'SIGKILL')
  await Promise.race([closed, sleep(lastWordsMs)])
  child.stdout?.destroy()
  child.stderr?.destroy()
}

/** Whether the group had a process to signal. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

const running = new Set<ChildProcess>()

/** Kills running hooks when this process exits: the terminal does not signal other process groups. */
async function whileRunning<T>(child: ChildProcess, work: Promise<T>): Promise<T> {
  if (running.size === 0) process.on('exit', killRunning)
  running.add(child)
  try {
    return await work
  } finally {
    running.delete(child)
    if (running.size === 0) process.off('exit', killRunning)
  }
}

function killRunning(): void {
  for (const child of running) signalGroup(child, 'SIGKILL')
}

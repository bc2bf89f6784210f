import { createWriteStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { $ } from 'zx/core'
import { printable } from '../../checker/formatters/printable.ts'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { isMissing } from './run-to-end.ts'

export interface PackerBuild {
  /** The folder with the template. */
  readonly template: string
  /** The source to build. */
  readonly only: string
  readonly variables: Readonly<Record<string, string>>
  /** What Packer does with the builder after a failure. */
  readonly onError: 'cleanup' | 'abort'
}

/** The arguments of `packer build`; `plain` maps a path to the alias that Packer gets. */
export function buildArguments(build: PackerBuild, plain: (path: string) => string): string[] {
  const variables = Object.entries(build.variables).flatMap(([name, value]) => ['-var', `${name}=${plain(value)}`])
  const flags = ['-color=false', `-on-error=${build.onError}`, `-only=${build.only}`]
  return ['build', ...flags, ...variables, plain(build.template)]
}

export interface PackerRun {
  /** All output of Packer and Ansible. */
  readonly logFile: string
  /** For Packer's cache. */
  readonly workFolder: string
  /**
   * Aliases for real paths, and the folder for temporary files. Some of those are UNIX sockets, whose paths have at
   * most 107 bytes (unix(7)).
   */
  readonly paths: { of(path: string): string; readonly scratchFolder: string }
  readonly signal: AbortSignal
  /** Called with each line worth showing as progress. */
  readonly onTask: (task: string) => void
  /** Called with each line of a machine's output, without Packer's prefix. */
  readonly onLine?: (line: string) => void
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cleanUpSeconds?: number
  /** Holds Packer's process id, so that the next bake finds a Packer that outlived a killed one. */
  readonly pidFile?: string
}

/**
 * Runs Packer. A stop asks it to clean up its builder first, and waits. It runs in its own process group, because a
 * second Ctrl-C would make it leave the builder behind; a stop signals the whole group, because Packer waits for its
 * Ansible to end.
 */
export async function packerBuild(build: PackerBuild, run: PackerRun): Promise<void> {
  const interrupted = (cause?: unknown) =>
    new OperatorError('interrupted', 'the bake was stopped; its builder was removed', { cause })
  if (run.signal.aborted) throw interrupted()
  // Skips the reasons of earlier runs.
  const logStart = statSync(run.logFile, { throwIfNoEntry: false })?.size ?? 0
  const log = createWriteStream(run.logFile, { flags: 'a', mode: 0o600 })
  // A logging failure must not stop the bake.
  log.on('error', () => {})
  const plain = run.paths.of
  const env = Object.entries(run.env ?? {}).map(([name, value]) => [name, value === undefined ? value : plain(value)])
  // Only this log has QEMU's own messages.
  const debugLog = join(run.paths.scratchFolder, 'packer.log')
  const packer = $({
    quiet: true,
    nothrow: true,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...Object.fromEntries(env),
      CHECKPOINT_DISABLE: '1',
      PACKER_CACHE_DIR: plain(run.workFolder),
      PACKER_LOG: '1',
      PACKER_LOG_PATH: debugLog,
      TMPDIR: run.paths.scratchFolder,
    },
  })`exec packer ${buildArguments(build, plain)} 2>&1`
  if (run.pidFile !== undefined && packer.pid !== undefined) writeFileSync(run.pidFile, String(packer.pid))
  const disarm = stopWith(run, packer.pid)
  try {
    for await (const line of packer) {
      log.write(printable(`${line}\n`))
      run.onLine?.(withoutPrefix(line))
      const task = ansibleTask(line)
      if (task !== undefined) run.onTask(task)
    }
    const cause = await packer
    if (cause.ok) return
    if (run.signal.aborted) throw interrupted(cause)
    if (isMissing('packer', cause)) {
      throw new OperatorError('failed', 'packer is not installed', { hint: 'npm run doctor', cause })
    }
    await finished(log.end())
    const reason = failureIn(readFileSync(run.logFile).subarray(logStart).toString(), qemuWords(debugLog))
    const Failure = /^fatal: .*UNREACHABLE!/.test(reason) ? MachineUnreachable : OperatorError
    throw new Failure('failed', `packer failed: ${reason}`, { hint: `less ${shellWord(run.logFile)}`, cause })
  } finally {
    disarm()
    await finished(log.end())
  }
}

/** Ansible lost the connection to a machine that Packer had reached. */
export class MachineUnreachable extends OperatorError {}

/** Repeats the work once, with a warning, when the machine became unreachable. */
export async function againWhenUnreachable<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MachineUnreachable)) throw error
    progress.warn(`once more: ${error.message}`)
    return work()
  }
}

/** Time for Ansible and Mitogen to connect (default: ten seconds). A user's own ANSIBLE_TIMEOUT is kept. */
export function connectionEnvironment(connectSeconds: number): Record<string, string> {
  return process.env['ANSIBLE_TIMEOUT'] === undefined ? { ANSIBLE_TIMEOUT: String(connectSeconds) } : {}
}

/** Stops Packer on the signal; returns a function that disarms this. */
function stopWith({ signal, cleanUpSeconds = 60 }: PackerRun, pid: number | undefined): () => void {
  let force: NodeJS.Timeout | undefined
  const stop = () => {
    interruptPacker(pid, 'SIGINT')
    force = setTimeout(() => interruptPacker(pid, 'SIGKILL'), cleanUpSeconds * 1000)
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return () => {
    signal.removeEventListener('abort', stop)
    clearTimeout(force)
  }
}

/**
 * Signals Packer's whole process group, as a terminal does. One `SIGINT` makes it clean up; its plugins ignore that,
 * but would die of a `SIGTERM` without cleaning up.
 */
export function interruptPacker(pid: number | undefined, signal: 'SIGINT' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The Ansible task that a line of Packer's output announces. */
export function ansibleTask(line: string): string | undefined {
  return line.match(/TASK \[(.*?)\]/)?.[1]
}

/** Lines that report a failure without its reason: Packer's headings, exit codes. */
const hollow = /^Some builds didn't complete|^Builds finished|non-zero exit status|Build was halted|PACKER_LOG=1/i

/** QEMU's last message, from Packer's debug log. */
function qemuWords(debugLog: string): string | undefined {
  if (!existsSync(debugLog)) return undefined
  return readFileSync(debugLog, 'utf8').match(/Qemu stderr: (?:qemu(?:-system-\w+)?: )?(.*)/)?.[1]
}

/**
 * The most telling line of a failed run: Ansible's or our scripts' own, else QEMU's message, the reason in Packer's
 * final list (`--> source: reason`), or the last line that mentions an error.
 */
export function failureIn(output: string, ofQemu?: string): string {
  const raw = output.split('\n')
  const lines = raw.map(withoutPrefix)
  const listed = raw.filter((line) => /^--> [\w.-]+: /.test(line)).map(withoutPrefix)
  const speaking = lines.filter((line) => /error|failed/i.test(line))
  const telling =
    lines.findLast((line) => /^(fatal:|seal:|verify:|ERROR! )/.test(line)) ??
    (ofQemu && /Qemu failed to start/.test(output) ? `QEMU does not start: ${ofQemu}` : undefined) ??
    listed.findLast((line) => !hollow.test(line)) ??
    speaking.findLast((line) => !hollow.test(line)) ??
    listed.at(-1) ??
    speaking.at(-1)
  return telling?.replace(/^Build '[^']*' errored(?: after [^:]*)?: /, '').slice(0, 400) ?? 'no reason given'
}

/** Removes Packer's arrow and source name from a line. */
function withoutPrefix(line: string): string {
  return line
    .replace(/^(?:==> |--> | +)[\w.-]+: +/, '')
    .replace(/^==> /, '')
    .trim()
}

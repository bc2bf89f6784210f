import { createWriteStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { $ } from 'zx/core'
import { printable } from '../../checker/formatters/printable.ts'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { isMissing } from './run-to-end.ts'

/** One run of Packer. */
export interface PackerBuild {
  /** The folder with the template. */
  readonly template: string
  /** What to build, by source name. */
  readonly only: string
  readonly variables: Readonly<Record<string, string>>
  /** What Packer does with the builder after a failure. */
  readonly onError: 'cleanup' | 'abort'
}

/** The arguments of `packer build`; `plain` gives a path the name that Packer is told. */
export function buildArguments(build: PackerBuild, plain: (path: string) => string): string[] {
  const variables = Object.entries(build.variables).flatMap(([name, value]) => ['-var', `${name}=${plain(value)}`])
  const flags = ['-color=false', `-on-error=${build.onError}`, `-only=${build.only}`]
  return ['build', ...flags, ...variables, plain(build.template)]
}

/** Where a run leaves its traces, and who may stop it. */
export interface PackerRun {
  /** All that Packer and Ansible say. */
  readonly logFile: string
  /** For Packer's cache. */
  readonly workFolder: string
  /**
   * What Packer and all that it starts are told in the place of real paths, and where they keep temporary files. Among these are
   * UNIX sockets, whose whole paths have at most 107 bytes (unix(7)).
   */
  readonly paths: { of(path: string): string; readonly scratchFolder: string }
  readonly signal: AbortSignal
  /** Called with each line worth showing as progress. */
  readonly onTask: (task: string) => void
  /** Called with each line that a machine said, without Packer's prefix. */
  readonly onLine?: (line: string) => void
  /** Beside the environment of this process; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How long a stop waits for the clean-up. */
  readonly cleanUpSeconds?: number
  /** Holds Packer's process id while it runs, so that the next bake knows whether a killed one left it behind. */
  readonly pidFile?: string
}

/**
 * Runs Packer to its end. A stop asks it to clean up its builder first and waits. It runs in a process group of its
 * own, because a Ctrl-C that reached it twice would make it leave the builder behind; the stop reaches the group, because
 * Packer waits for its Ansible to end.
 */
export async function packerBuild(build: PackerBuild, run: PackerRun): Promise<void> {
  const interrupted = (cause?: unknown) =>
    new OperatorError('interrupted', 'the bake was stopped; its builder is gone', { cause })
  if (run.signal.aborted) throw interrupted()
  // Earlier runs have told their own reasons there.
  const logStart = statSync(run.logFile, { throwIfNoEntry: false })?.size ?? 0
  const log = createWriteStream(run.logFile, { flags: 'a', mode: 0o600 })
  // What cannot be logged is no reason to stop.
  log.on('error', () => {})
  const plain = run.paths.of
  const env = Object.entries(run.env ?? {}).map(([name, value]) => [name, value === undefined ? value : plain(value)])
  // QEMU's own words are in here alone.
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

/** Ansible lost its way to a machine that Packer had reached. */
export class MachineUnreachable extends OperatorError {}

/** Does the work once more, told in one line, when a machine could not be reached any more on the way. */
export async function againWhenUnreachable<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MachineUnreachable)) throw error
    progress.warn(`once more: ${error.message}`)
    return work()
  }
}

/** How long Ansible, and Mitogen, may take to connect: ten seconds unless told. Who has said so keeps it. */
export function connectionEnvironment(connectSeconds: number): Record<string, string> {
  return process.env['ANSIBLE_TIMEOUT'] === undefined ? { ANSIBLE_TIMEOUT: String(connectSeconds) } : {}
}

/** Stops Packer when the signal says so; what it gives ends that. */
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
 * Sends a signal to Packer and to all that it has started, as a terminal does. One `SIGINT` makes it clean up; its plugins
 * ignore that one, and would die of a `SIGTERM` without cleaning up.
 */
export function interruptPacker(pid: number | undefined, signal: 'SIGINT' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The name of the Ansible task that a line of Packer's output announces. */
export function ansibleTask(line: string): string | undefined {
  return line.match(/TASK \[(.*?)\]/)?.[1]
}

/** What says that something failed, and not why: headings of Packer, exit codes of what it started. */
const hollow = /^Some builds didn't complete|^Builds finished|non-zero exit status|Build was halted|PACKER_LOG=1/i

/** What QEMU said before it ended, by Packer's debug log. */
function qemuWords(debugLog: string): string | undefined {
  if (!existsSync(debugLog)) return undefined
  return readFileSync(debugLog, 'utf8').match(/Qemu stderr: (?:qemu(?:-system-\w+)?: )?(.*)/)?.[1]
}

/**
 * The line of Packer's output that tells best why it failed: of Ansible or a script of ours, else QEMU's own word, the reason
 * in Packer's list at the end (`--> source: reason`), or the last line that speaks of an error.
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
  return telling?.replace(/^Build '[^']*' errored(?: after [^:]*)?: /, '').slice(0, 400) ?? 'it did not say why'
}

/** A line of Packer's output without the arrow and the name of the source that it begins with. */
function withoutPrefix(line: string): string {
  return line
    .replace(/^(?:==> |--> | +)[\w.-]+: +/, '')
    .replace(/^==> /, '')
    .trim()
}

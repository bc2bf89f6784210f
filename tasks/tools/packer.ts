import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'

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

/** The arguments of `packer build`. */
export function buildArguments(build: PackerBuild): string[] {
  const variables = Object.entries(build.variables).flatMap(([name, value]) => ['-var', `${name}=${value}`])
  return ['build', '-color=false', `-on-error=${build.onError}`, `-only=${build.only}`, ...variables, build.template]
}

/** Where a run leaves its traces, and who may stop it. */
export interface PackerRun {
  /** All that Packer and Ansible say. */
  readonly logFile: string
  /** For caches and temporary files. */
  readonly workFolder: string
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
  const log = createWriteStream(run.logFile, { flags: 'a' })
  // What cannot be logged is no reason to stop.
  log.on('error', () => {})
  const scratch = await scratchFolder(run.workFolder)
  const child = execa('packer', buildArguments(build), {
    detached: true,
    stdin: 'ignore',
    all: true,
    buffer: false,
    env: { ...run.env, CHECKPOINT_DISABLE: '1', PACKER_CACHE_DIR: run.workFolder, TMPDIR: scratch },
  })
  if (run.pidFile !== undefined && child.pid !== undefined) writeFileSync(run.pidFile, String(child.pid))
  const disarm = stopWith(run, child.pid)
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      log.write(`${line}\n`)
      run.onLine?.(withoutPrefix(String(line)))
      const task = ansibleTask(String(line))
      if (task !== undefined) run.onTask(task)
    }
    await child
  } catch (cause) {
    if (run.signal.aborted) throw interrupted(cause)
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new OperatorError('failed', 'packer is not installed', { hint: 'npm run doctor', cause })
    }
    await finished(log.end())
    const reason = failureIn(readFileSync(run.logFile, 'utf8'))
    throw new OperatorError('failed', `packer failed: ${reason}`, { hint: `less ${run.logFile}`, cause })
  } finally {
    disarm()
    await finished(log.end())
    if (scratch !== run.workFolder) await rm(scratch, { recursive: true, force: true })
  }
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

/**
 * Where Packer keeps temporary files. Among them are UNIX sockets, `packer-plugin` and ten digits, whose whole paths have
 * at most 103 bytes (macOS; Linux: 107): the work folder, unless it lies too deep.
 */
async function scratchFolder(workFolder: string): Promise<string> {
  return Buffer.byteLength(workFolder) <= 78 ? workFolder : mkdtemp(join(tmpdir(), 'bakeroll-packer-'))
}

/** The name of the Ansible task that a line of Packer's output announces. */
export function ansibleTask(line: string): string | undefined {
  return line.match(/TASK \[(.*?)\]/)?.[1]
}

/** The line of Packer's output that tells best why it failed. */
export function failureIn(output: string): string {
  const lines = output.split('\n').map(withoutPrefix)
  const telling =
    lines.findLast((line) => /^(fatal:|seal:|verify:)/.test(line)) ?? lines.findLast((line) => /error/i.test(line))
  return telling?.slice(0, 400) ?? 'it did not say why'
}

/** A line of Packer's output without the name of the source that it begins with. */
function withoutPrefix(line: string): string {
  return line.replace(/^(==> |--> | +)[\w.-]+: +/, '').trim()
}

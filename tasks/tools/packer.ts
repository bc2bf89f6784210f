import { createWriteStream, readFileSync } from 'node:fs'
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
}

/**
 * Runs Packer to its end. A stop asks it to clean up its builder first and waits. It runs in a process group of its
 * own, because a Ctrl-C that reached it twice would make it leave the builder behind.
 */
export async function packerBuild(build: PackerBuild, run: PackerRun): Promise<void> {
  const interrupted = (cause?: unknown) =>
    new OperatorError('interrupted', 'the bake was stopped; its builder is gone', { cause })
  if (run.signal.aborted) throw interrupted()
  const log = createWriteStream(run.logFile, { flags: 'a' })
  // What cannot be logged is no reason to stop.
  log.on('error', () => {})
  const child = execa('packer', buildArguments(build), {
    detached: true,
    stdin: 'ignore',
    all: true,
    buffer: false,
    cancelSignal: run.signal,
    forceKillAfterDelay: 60_000,
    env: { CHECKPOINT_DISABLE: '1', PACKER_CACHE_DIR: run.workFolder, TMPDIR: run.workFolder },
  })
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      log.write(`${line}\n`)
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
    await finished(log.end())
  }
}

/** The name of the Ansible task that a line of Packer's output announces. */
export function ansibleTask(line: string): string | undefined {
  return line.match(/TASK \[(.*?)\]/)?.[1]
}

/** The line of Packer's output that tells best why it failed. */
export function failureIn(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/^(==> |--> | +)[\w.-]+: +/, '').trim())
  const telling =
    lines.findLast((line) => /^(fatal:|seal:)/.test(line)) ?? lines.findLast((line) => /error/i.test(line))
  return telling?.slice(0, 400) ?? 'it did not say why'
}

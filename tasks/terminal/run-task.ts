import { printable } from '../../checker/formatters/printable.ts'
import type { CommandLine } from '../settings/command-line.ts'
import { commandText, withFlag } from '../settings/command-text.ts'
import type { Settings } from '../settings/settings.ts'
import { carriesOn, stopSecondsOf } from '../settings/verbs.ts'
import { endProcess } from './end-process.ts'
import { interruptedExitCode, onInterruption } from './interruption.ts'
import { screenProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Task, TaskContext, TaskResult } from './task.ts'

export interface Run {
  readonly commandLine: CommandLine
  /** The words after the verb, as typed. */
  readonly words: readonly string[]
  readonly settings: Settings
  readonly said: ReadonlyMap<string, string>
  readonly workingFolder: string
  /** Warnings about the settings, shown before anything is done. */
  readonly warnings: readonly string[]
  readonly screen: Screen
  /** The command that starts bakeroll; undefined: npm. */
  readonly program?: string | undefined
  load(): Promise<Task>
}

export interface Ending {
  readonly result?: TaskResult
  readonly error?: unknown
  readonly wasInterrupted: boolean
}

/**
 * Runs the task of a verb and its clean-ups. The first Ctrl-C aborts the task's signal; a second one ends the process
 * at once, and so does the end of the verb's time to stop.
 */
export async function runTask(run: Run): Promise<Ending> {
  const { commandLine, words, settings, said, workingFolder, screen, program, load } = run
  const { verb, positionals, rest } = commandLine
  const interruption = new AbortController()
  const { signal } = interruption
  const progress = screenProgress(screen, { verbose: settings.verbose, program })
  const cleanups: (() => void | Promise<void>)[] = []
  const crash = watchForCrash()
  const stopSeconds = stopSecondsOf(verb)
  const endNow = () => {
    progress.close()
    endProcess(interruptedExitCode)
  }
  const stopWatching = onInterruption(
    {
      first() {
        const then = carriesOn(verb) ? `; ${commandText(verb, words)} carries on from here` : ''
        progress.warn(`stopping${then} (Ctrl-C again ends it immediately)`)
        interruption.abort()
      },
      again: endNow,
      late() {
        progress.warn(`not stopped within ${stopSeconds} s; killed`)
        endNow()
      },
    },
    stopSeconds * 1000,
  )
  const context: TaskContext = {
    verb,
    settings,
    said,
    workingFolder,
    progress,
    signal,
    positionals: [...positionals],
    rest: [...rest],
    onExit: (cleanup) => void cleanups.unshift(cleanup),
    print(line) {
      const resume = progress.suspend()
      ;(settings.json ? process.stderr : process.stdout).write(`${printable(line)}\n`)
      resume()
    },
    async confirm(question) {
      const { confirm } = await import('./confirm.ts')
      const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true
      const command = commandText(verb, withFlag(words, '--yes'))
      await confirm(question, { yes: settings.yes, isInteractive, command, signal, suspend: progress.suspend })
    },
  }
  for (const line of run.warnings) progress.warn(line)
  const ending = await settle(async () => {
    const task = await load()
    return Promise.race([task(context), crash.happened])
  })
  const cleanupError = await runAll(cleanups)
  progress.close()
  stopWatching()
  crash.stopWatching()
  const wasInterrupted = signal.aborted
  return cleanupError && ending.result ? { error: cleanupError.error, wasInterrupted } : { ...ending, wasInterrupted }
}

async function settle(work: () => Promise<TaskResult>): Promise<Omit<Ending, 'wasInterrupted'>> {
  try {
    return { result: await work() }
  } catch (error) {
    return { error }
  }
}

/** Runs all of them, even after a failure; returns the first one. */
async function runAll(cleanups: readonly (() => void | Promise<void>)[]): Promise<{ error: unknown } | undefined> {
  let failure: { error: unknown } | undefined
  for (const cleanup of cleanups) {
    try {
      await cleanup()
    } catch (error) {
      failure ??= { error }
    }
  }
  return failure
}

/** An error that nothing awaited also ends the task, so that its clean-ups run. */
function watchForCrash(): { happened: Promise<never>; stopWatching(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  process.on('uncaughtException', reject)
  return { happened: promise, stopWatching: () => process.off('uncaughtException', reject) }
}

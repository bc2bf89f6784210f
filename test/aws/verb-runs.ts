import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clock } from '../../tasks/platforms/open.ts'
import { parseCommandLine } from '../../tasks/settings/command-line.ts'
import { readSettings } from '../../tasks/settings/settings-reader.ts'
import type { VerbName } from '../../tasks/settings/verbs.ts'
import { failureOutcome, type Reporting, resultOutcome } from '../../tasks/terminal/outcome.ts'
import { runTask } from '../../tasks/terminal/run-task.ts'

export interface VerbEnd {
  readonly exitCode: number
  // biome-ignore lint/suspicious/noExplicitAny: the facts of a verb are whatever its JSON says; the tests look into it.
  readonly facts: any
  /** What follows `error:`, each line of its own. */
  readonly errors: readonly string[]
  /** What follows `hint:`, to its end. */
  readonly hint: string
  /** Everything on stderr: progress, then the failure. */
  readonly stderr: string
}

/** Runs verbs as the command line does, settings from `process.env`, but in this process and without a terminal. */
export type RunVerb = (verb: VerbName, ...words: string[]) => Promise<VerbEnd>

const repository = join(import.meta.dirname, '../..')

/** A verb waits a hundredth of its time, so that a story with each of its calls broken takes minutes, not hours. */
const hurry = 100
Object.assign(clock, {
  sleep: async (ms: number, signal?: AbortSignal) => sleep(ms / hurry, undefined, signal ? { signal } : {}),
})

/** What the clients wait for an answer (clients.ts), and what they wait for one in a verb that is run here. */
export const patience = { usualMs: 15_000, hereMs: 10_000 }
/** The SDK's pauses are so much shorter. */
const haste = 20
const { setTimeout: usualTimeout } = globalThis

/** The SDK's own pauses, between two attempts and before the calls after them, are short, too; they come from the global timer. */
async function inHaste<T>(work: () => Promise<T>): Promise<T> {
  const shortened = (ms = 0) => (ms < 4000 ? ms / haste : ms === patience.usualMs ? patience.hereMs : ms)
  const hasty = (call: () => void, ms?: number) => usualTimeout(call, shortened(ms))
  globalThis.setTimeout = Object.assign(hasty, usualTimeout) as typeof usualTimeout
  try {
    return await work()
  } finally {
    globalThis.setTimeout = usualTimeout
  }
}

/** In its adaptive mode the SDK counts how many calls a second AWS takes; its seconds are shorter here, too. */
const { DefaultRateLimiter } = createRequire(import.meta.url)('@smithy/core/retry')
DefaultRateLimiter.prototype.getCurrentTimeInSeconds = () => (Date.now() * haste) / 1000

/** Verbs on the aws platform, with their state below `home`. */
export function verbRuns(home: string): RunVerb {
  return async (verb, ...words) => {
    const all = ['--platform', 'aws', '--json', ...words]
    const commandLine = parseCommandLine(verb, all)
    const env = { ...process.env, BAKEROLL_HOME: home }
    const { settings, said, problems, warnings } = await readSettings(commandLine, {
      env,
      workingFolder: home,
      project: repository,
    })
    if (problems.length > 0) throw new Error(problems.join('\n'))
    const shown: string[] = []
    const size = () => ({ columns: 200, rows: 50 })
    const screen = { isLive: false, hasColour: false, write: (text: string) => void shown.push(text), size }
    const load = async () => (await import(join(repository, `tasks/verbs/${verb}.ts`))).default
    const { result, error } = await inHaste(() =>
      runTask({ commandLine, words: all, settings, said, warnings, workingFolder: home, screen, load }),
    )
    const reporting: Reporting = {
      verb,
      json: true,
      verbose: false,
      wasInterrupted: false,
      command: `npm run ${verb}`,
      paint: (_, text) => text,
    }
    const outcome = result ? resultOutcome(result, reporting) : failureOutcome(error, reporting)
    const facts = JSON.parse(outcome.stdout)
    return {
      exitCode: outcome.exitCode,
      facts,
      stderr: `${shown.join('')}${outcome.stderr}`,
      errors: outcome.stderr.split('\n').flatMap((line) => /^error: (.*)/.exec(line)?.[1] ?? []),
      hint: /^hint: {2}([\s\S]*)\n$/m.exec(outcome.stderr)?.[1] ?? '',
    }
  }
}

import type { CheckTarget } from '../probe/target.ts'
import { cutWords } from '../settings/flags.ts'
import { checkPrefix, readSettings, variableProblems } from '../settings/read.ts'
import { type Setting, toggle } from '../settings/setting.ts'
import { judgeCheck } from './judge.ts'
import { type CheckOptions, checkSettings } from './options.ts'

/** What a command line asks for; `problems` is everything that is wrong with it. */
export interface CommandLine {
  readonly action: 'check' | 'help' | 'version'
  readonly targets: readonly CheckTarget[]
  readonly options: CheckOptions
  /** What somebody said of the options, by the keys of their settings. */
  readonly said: ReadonlyMap<string, string>
  readonly problems: readonly string[]
  /** What a person should know before the first request. */
  readonly warnings: readonly string[]
}

/** Lambda's urls. */
export const urlsVariable = `${checkPrefix}URLS`
/** What the verb of a clone knows beside the checker. */
const ofVerb = `${checkPrefix}INSTANCES`

/** What the checker alone can be told: every option, and what belongs to its command line only. */
export const settings: ReadonlyMap<string, Setting<unknown>> = new Map([
  ...checkSettings,
  ['json', toggle({ flag: 'json', help: 'the same as --format json', elsewhere: 'nowhere' })],
])

/** Reads and judges a whole command line, and what the environment says beside it. */
export async function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandLine> {
  const words = cutWords(argv, settings)
  const action = words.help ? 'help' : words.version ? 'version' : 'check'
  const surroundings = { env: action === 'check' ? env : {}, workingFolder: process.cwd(), project: '' }
  const read = await readSettings(settings, { flags: words.given, env: surroundings.env }, surroundings)
  const { check, json } = read.values as { check: CheckOptions; json: boolean }
  const problems = [
    ...words.problems,
    ...variableProblems(settings, surroundings.env, checkPrefix, [urlsVariable, ofVerb]),
    ...read.problems,
  ]
  const options = json ? { ...check, format: 'json' as const } : check
  if (action !== 'check') return { action, targets: [], options, said: read.said, problems, warnings: [] }
  problems.push(...formatProblem(json, check, words.given))
  const judged = await judgeCheck([...words.positionals, ...words.rest], options, { unread: read.unread })
  return {
    action,
    targets: judged.list?.targets ?? [],
    options,
    said: read.said,
    problems: [...problems, ...judged.problems],
    warnings: [...read.warnings, ...judged.warnings],
  }
}

/** A format of the environment or of a file gives way to --json; one that is typed beside it contradicts it. */
export function formatProblem(
  json: boolean,
  { format }: Pick<CheckOptions, 'format'>,
  given: ReadonlyMap<string, unknown>,
): string[] {
  return json && format !== 'json' && given.has('check.format') ? [`--json: contradicts --format ${format}`] : []
}

import { didYouMean } from '../../checker/settings/nearest.ts'
import type { Surroundings } from '../../checker/settings/setting.ts'
import { OperatorError } from '../lib/errors.ts'
import { type CommandLine, parseCommandLine } from '../settings/command-line.ts'
import { commandText } from '../settings/command-text.ts'
import { flagsKeptByNpm, keptByNpm } from '../settings/npm-flags.ts'
import { npmWords } from '../settings/npm-words.ts'
import { ownFolder } from '../settings/own.ts'
import { packageVersion } from '../settings/package-version.ts'
import { isVerbName, type VerbName, verbNames } from '../settings/verbs.ts'
import { failureOutcome, type Outcome, type Reporting, resultOutcome } from './outcome.ts'
import { coloured, type Screen, screenOf } from './screen.ts'
import type { Task } from './task.ts'

export interface Launch extends Surroundings {
  /** The words after `tasks/terminal/main.ts`. */
  readonly argv: readonly string[]
  /** The command that starts bakeroll; undefined: npm. */
  readonly program?: string | undefined
  /** Imports the file of a verb. */
  loadTask(verb: VerbName): Promise<Task>
}

/** Runs a command line. Progress goes to stderr meanwhile; the caller writes the outcome. */
export async function runCommandLine(launch: Launch): Promise<Outcome> {
  const [word, ...words] = launch.argv[0] === 'help' ? [...launch.argv.slice(1), '--help'] : launch.argv
  const screen = screenOf(process.stderr, launch.env)
  const reporting: Reporting = {
    verb: word ?? '',
    json: words.includes('--json'),
    verbose: false,
    wasInterrupted: false,
    program: launch.program,
    command: commandText(word ?? '', words),
    paint: (format, text) => coloured(screen, format, text),
  }
  try {
    if (word === undefined || word === '--help' || word === '-h') return shown(await help(words[0], launch))
    if (word === '--version') return shown(`${packageVersion(ownFolder)}\n`)
    if (word === 'settings' && words.includes('--help')) return shown(await help(word, launch))
    if (!isVerbName(word)) return failureOutcome(unknownVerb(word), reporting)
    refuseKeptByNpm(word, launch)
    const commandLine = parseCommandLine(word, words)
    if (commandLine.help) return shown(await help(word, launch))
    if (commandLine.version) return shown(`${packageVersion(ownFolder)}\n`)
    return await runVerb(commandLine, words, launch, screen, reporting)
  } catch (error) {
    return failureOutcome(error, reporting)
  }
}

async function runVerb(
  commandLine: CommandLine,
  words: readonly string[],
  launch: Launch,
  screen: Screen,
  blank: Reporting,
): Promise<Outcome> {
  const { readSettings } = await import('../settings/settings-reader.ts')
  const { settings, said, problems, warnings, configFile } = await readSettings(commandLine, launch)
  const { json, verbose } = settings
  const reporting = { ...blank, json, verbose, format: settings.check.format }
  if (problems.length > 0) {
    const where = configFile === undefined ? '' : `; the configuration file is ${configFile}`
    const hint = `npm run ${commandLine.verb} -- --help lists every flag and setting${where}`
    return failureOutcome(new OperatorError('usage', problems.join('\n'), { hint }), reporting)
  }
  const { runTask } = await import('./run-task.ts')
  const { result, error, wasInterrupted } = await runTask({
    commandLine,
    words,
    settings,
    said,
    workingFolder: launch.workingFolder,
    warnings,
    screen,
    program: launch.program,
    load: () => launch.loadTask(commandLine.verb),
  })
  const end = { ...reporting, wasInterrupted }
  return result === undefined ? failureOutcome(error, end) : resultOutcome(result, end)
}

function refuseKeptByNpm(verb: VerbName, { env, program }: Launch): void {
  if (env['npm_lifecycle_event'] === undefined || program !== undefined) return
  const words = npmWords()
  const kept = words === undefined ? undefined : keptByNpm(verb, words)
  const problems = words === undefined ? flagsKeptByNpm(verb, env) : (kept?.problems ?? [])
  const hint = kept?.command ?? `npm run ${verb} -- --help`
  if (problems.length > 0) throw new OperatorError('usage', problems.join('\n'), { hint })
}

function unknownVerb(word: string): OperatorError {
  const message = word.startsWith('-')
    ? `${word}: expected a verb first`
    : `${word}: unknown verb${didYouMean(word, verbNames)}`
  return new OperatorError('usage', message, { hint: 'npm start -- --help lists every verb' })
}

async function help(topic: string | undefined, { env, program }: Launch): Promise<string> {
  const { overview, settingsHelp, verbHelp } = await import('../settings/help.ts')
  const screen = screenOf(process.stdout, env)
  const columns = process.stdout.isTTY ? screen.size().columns : undefined
  const sheet = { program, columns, title: (text: string) => coloured(screen, 'bold', text) }
  if (topic === 'settings') return settingsHelp(sheet)
  if (topic !== undefined && isVerbName(topic)) return verbHelp(topic, sheet)
  return overview(packageVersion(ownFolder), sheet)
}

function shown(stdout: string): Outcome {
  return { exitCode: 0, stdout, stderr: '' }
}

import { dirname, resolve } from 'node:path'
import { formatProblem, urlsVariable } from '../../checker/options/command-line.ts'
import { readSettings as readAll, variableProblems } from '../../checker/settings/read.ts'
import { type Surroundings, variableOf } from '../../checker/settings/setting.ts'
import { hookVariables } from '../lib/roll/hooks.ts'
import type { CommandLine } from './command-line.ts'
import { loadConfigFile } from './config-file.ts'
import { configFilesIn } from './project.ts'
import { rollContradictions } from './roll-contradictions.ts'
import { type Settings, settings } from './settings.ts'

/** With problems, `settings` holds defaults in place of what could not be read. */
export interface Reading {
  readonly settings: Settings
  /** Settings that were given explicitly, as flags that work in any folder. */
  readonly said: ReadonlyMap<string, string>
  /** One line each. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly configFile: string | undefined
}

/** Reads all settings of a verb, and checks them against each other. */
export async function readSettings(commandLine: CommandLine, surroundings: Surroundings): Promise<Reading> {
  const { verb, given } = commandLine
  const { env } = surroundings
  const [configFile, ...others] = findConfigFiles(commandLine, surroundings)
  const config = configFile === undefined ? undefined : await loadConfigFile(configFile)
  const before = [
    ...commandLine.problems,
    ...variableProblems(settings, env, 'BAKEROLL_', [...hookVariables, urlsVariable]),
    ...others.map((other) => `${other}: there is ${configFile}, too; keep one of them`),
    ...(config?.problems ?? []),
  ]
  const configFolder = configFile === undefined ? undefined : dirname(configFile)
  const sources = { flags: given, env, config: config?.values ?? new Map(), configFolder }
  const read = await readAll(settings, sources, surroundings, ({ verbs = [] }) => verbs.includes(verb))
  const values = read.values as unknown as Settings
  const judged = await judge(commandLine, values, read.unread, before.length === 0)
  return {
    settings: values,
    said: read.said,
    problems: [...before, ...read.problems, ...judged.problems],
    warnings: [...read.warnings, ...judged.warnings],
    configFile,
  }
}

function findConfigFiles({ given }: CommandLine, { env, workingFolder, project }: Surroundings): string[] {
  const asked = given.get('config')?.text ?? env[variableOf('config')]
  return asked ? [resolve(workingFolder, asked)] : configFilesIn(project)
}

interface Judgement {
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Finds contradictions. A setting that could not be read contradicts nothing. */
async function judge(
  commandLine: CommandLine,
  values: Settings,
  unread: ReadonlySet<string>,
  isUnderstood: boolean,
): Promise<Judgement> {
  const { verb, given, positionals } = commandLine
  if (verb === 'check') {
    const { judgeCheck } = await import('../../checker/options/judge.ts')
    const { problems, warnings } = await judgeCheck(positionals, values.check, { unread, mayHaveNone: true })
    return { problems: [...formatProblem(values.json, values.check, given), ...problems], warnings }
  }
  if (!isUnderstood || (verb !== 'roll' && verb !== 'rollback')) return { problems: [], warnings: [] }
  const found = rollContradictions(commandLine, values).filter(({ of }) => !of.some((key) => unread.has(key)))
  return { problems: found.map(({ problem }) => problem), warnings: [] }
}

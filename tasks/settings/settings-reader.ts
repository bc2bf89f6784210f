import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hookVariables } from '../lib/roll/hook-variables.ts'
import { configFileName, describe, loadConfigFile } from './config-file.ts'
import type { CommandLine } from './flags.ts'
import { didYouMean } from './nearest.ts'
import { type Contradiction, rollContradictions } from './roll-contradictions.ts'
import type { Setting, Surroundings } from './setting.ts'
import { envName, settingKeys, settingOf } from './setting-names.ts'
import type { SettingKey, Settings } from './settings.ts'

/** What was read. With problems, `settings` holds defaults in the place of what could not be read. */
export interface Reading {
  readonly settings: Settings
  /** Everything that is wrong, one line each. */
  readonly problems: readonly string[]
  /** The configuration file that was read. */
  readonly configFile: string | undefined
}

/** Reads all settings: flags before environment before configuration file before defaults. Judges every source. */
export async function readSettings(commandLine: CommandLine, surroundings: Surroundings): Promise<Reading> {
  const { env } = surroundings
  const configFile = findConfigFile(commandLine, surroundings)
  const config = configFile === undefined ? undefined : await loadConfigFile(configFile)
  const problems = [...commandLine.problems, ...unknownVariables(env), ...(config?.problems ?? [])]
  const isUnderstood = problems.length === 0
  const unread = new Set<SettingKey>()
  const settings: Record<string, unknown> = {}
  for (const key of settingKeys) {
    const setting = settingOf(key)
    const before = problems.length
    const found = [
      fromText(setting, commandLine.given.get(key), problems),
      fromText(setting, variableOf(key, setting, env), problems),
      fromConfig(setting, key, config?.values.get(key), problems),
    ].find((value) => value !== undefined)
    if (problems.length > before) unread.add(key)
    const value = found ?? (typeof setting.default === 'function' ? setting.default(surroundings) : setting.default)
    place(settings, key, withWholePaths(setting, value, surroundings))
  }
  const read = settings as unknown as Settings
  // What is wrong by itself contradicts nothing.
  const judged = isUnderstood ? contradictions(commandLine, read) : []
  problems.push(...judged.filter(({ of }) => !of.some((key) => unread.has(key))).map(({ problem }) => problem))
  return { settings: read, problems, configFile }
}

/** Whoever calls stands elsewhere than this process does. */
function withWholePaths({ kind }: Setting<unknown>, value: unknown, { workingFolder }: Surroundings): unknown {
  if (value === undefined) return value
  if (kind.isPath) return resolve(workingFolder, String(value))
  if (!kind.mayBeFile) return value
  const whole = (text: string) => (text.startsWith('@') ? `@${resolve(workingFolder, text.slice(1))}` : text)
  return Array.isArray(value) ? value.map(whole) : whole(String(value))
}

interface Said {
  readonly name: string
  readonly text: string
}

function fromText(setting: Setting<unknown>, said: Said | undefined, problems: string[]): unknown {
  const value = said && setting.kind.fromText(said.text)
  if (said && value === undefined) problems.push(complaint(setting, said.name, said.text))
  return value
}

function fromConfig(setting: Setting<unknown>, key: string, raw: unknown, problems: string[]): unknown {
  const value = raw === undefined ? undefined : setting.kind.fromConfig(raw)
  if (raw !== undefined && value === undefined) problems.push(complaint(setting, key, raw))
  return value
}

function complaint({ kind, secret }: Setting<unknown>, name: string, got: unknown): string {
  const suggested = typeof got === 'string' ? kind.suggest?.(got) : undefined
  const suggestion = suggested === undefined ? '' : `; did you mean ${suggested}?`
  const beyond = typeof got === 'string' ? kind.limit?.(got) : undefined
  const limit = beyond === undefined ? '' : `: ${beyond}`
  return `${name}: expected ${kind.expected}, got ${secret ? '[secret]' : describe(got)}${limit}${suggestion}`
}

function variableOf(key: SettingKey, { elsewhere, fallbackEnv }: Setting<unknown>, env: NodeJS.ProcessEnv) {
  if (elsewhere === 'nowhere') return undefined
  const name = env[envName(key)] || fallbackEnv === undefined ? envName(key) : fallbackEnv
  const text = env[name]
  return text ? { name, text } : undefined
}

/** Other BAKEROLL_ variables may belong to somebody else, or tell a verb of its hook; what looks like one of ours is a mistake. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = new Map(settingKeys.map((key) => [envName(key), settingOf(key)]))
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith('BAKEROLL_') || !env[name] || hookVariables.includes(name)) return []
    const setting = known.get(name)
    if (setting?.elsewhere === 'nowhere') return [`${name}: cannot be set in the environment; pass --${setting.flag}`]
    const suggestion = setting
      ? ''
      : didYouMean(
          name.slice(9),
          [...known.keys()].map((one) => one.slice(9)),
          (found) => `BAKEROLL_${found}`,
        )
    return suggestion === '' ? [] : [`${name}: unknown setting${suggestion}`]
  })
}

function findConfigFile({ given }: CommandLine, { env, workingFolder, repository }: Surroundings): string | undefined {
  const asked = given.get('config')?.text ?? env[envName('config')]
  if (asked) return resolve(workingFolder, asked)
  const usual = join(repository, configFileName)
  return existsSync(usual) ? usual : undefined
}

function contradictions(commandLine: CommandLine, settings: Settings): readonly Contradiction[] {
  const { verb } = commandLine
  const { json, check } = settings
  if (verb === 'roll' || verb === 'rollback') return rollContradictions(commandLine, settings)
  if (verb === 'check' && json && check.format !== 'text' && check.format !== 'json') {
    return [{ of: ['json', 'check.format'], problem: `--json: contradicts --format ${check.format}` }]
  }
  return []
}

function place(settings: Record<string, unknown>, key: string, value: unknown): void {
  const [section = '', name] = key.split('.')
  if (name === undefined) settings[section] = value
  else settings[section] = { ...(settings[section] as object | undefined), [name]: value }
}

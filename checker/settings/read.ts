import type { Said } from './flags.ts'
import { isWrong, type Place, type Wrong } from './kinds.ts'
import { didYouMean } from './nearest.ts'
import { type Setting, type Surroundings, variableOf } from './setting.ts'

/** Sources of settings, in order of precedence. */
export interface Sources {
  readonly flags: ReadonlyMap<string, Said>
  readonly env: NodeJS.ProcessEnv
  /** The configuration file's values by setting key. */
  readonly config?: ReadonlyMap<string, unknown>
  /** Where relative paths in it start. */
  readonly configFolder?: string | undefined
}

export interface Readout {
  /** In their sections; invalid settings have their default. */
  readonly values: Readonly<Record<string, unknown>>
  /** Explicitly set texts, valid from any folder. */
  readonly said: ReadonlyMap<string, string>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  /** The keys of invalid settings. */
  readonly unread: ReadonlySet<string>
}

/**
 * Reads settings: flags override the environment, then the configuration file, then defaults. Every source is validated. Settings
 * that open files are read only if `isNeeded`.
 */
export async function readSettings(
  settings: ReadonlyMap<string, Setting<unknown>>,
  { flags, env, config, configFolder }: Sources,
  surroundings: Surroundings,
  isNeeded: (setting: Setting<unknown>) => boolean = () => true,
): Promise<Readout> {
  const values: Record<string, unknown> = {}
  const said = new Map<string, string>()
  const problems: string[] = []
  const warnings: string[] = []
  const unread = new Set<string>()
  for (const [key, setting] of settings) {
    const { kind, default: usual } = setting
    const inFile = inConfig(key, setting, config?.get(key))
    const sources = [flags.get(key), inEnvironment(key, setting, env), inFile]
    const found: unknown[] = []
    for (const source of kind.opensFiles && !isNeeded(setting) ? [] : sources) {
      if (source === undefined) continue
      const folder = (source === inFile ? configFolder : undefined) ?? surroundings.workingFolder
      const place: Place = {
        folder,
        warn: (line) => void warnings.push(`${source.name}: ${line}`),
      }
      const parsed = 'text' in source ? await kind.parse(source.text, place) : source.parsed
      if (isWrong(parsed)) {
        problems.push(...complaints(setting, source.name, 'got' in source ? source.got : source.text, parsed))
        unread.add(key)
      } else {
        if ('text' in source && !said.has(key)) {
          said.set(key, kind.whole?.(source.text, folder) ?? source.text)
        }
        found.push(parsed)
      }
    }
    const [value = typeof usual === 'function' ? usual(surroundings) : usual] = found
    put(values, key, value)
  }
  return { values, said, problems, warnings, unread }
}

/** The problems of one text, one per line. */
export function complaints({ kind, isSecret }: Setting<unknown>, name: string, got: unknown, wrong?: Wrong): string[] {
  const { lines = [], why, meant } = wrong ?? {}
  if (lines.length > 0) return lines.map((line) => `${name}: ${line}`)
  const shown = isSecret ? '[secret]' : describe(got)
  const limit = why === undefined ? '' : `: ${why}`
  const suggestion = meant === undefined ? '' : `; did you mean ${meant}?`
  return [`${name}: expected ${kind.expected}, got ${shown}${limit}${suggestion}`]
}

/** The files that a setting's values name; the values must be valid from any folder. */
export function filesNamed({ kind, isSecret }: Setting<unknown>, values: readonly string[]): string[] {
  if (isSecret) return values.flatMap((text) => (text.startsWith('@') ? [text.slice(1)] : []))
  return kind.completes === 'files' ? [...values] : []
}

export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return JSON.stringify(value) ?? String(value)
}

/** An unknown variable with this prefix is reported: it would otherwise go unnoticed. */
export const checkPrefix = 'BAKEROLL_CHECK_'

/**
 * Problems of the variables with this prefix: settings that cannot be set there, and unknown ones. Outside `checkPrefix`, an
 * unknown variable that resembles none of ours may belong to someone else.
 */
export function variableProblems(
  settings: ReadonlyMap<string, Setting<unknown>>,
  env: NodeJS.ProcessEnv,
  prefix: string,
  others: readonly string[],
): string[] {
  const known = new Map([...settings].flatMap(([key, one]) => namesOf(key, one).map((name) => [name, one] as const)))
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith(prefix) || !env[name] || others.includes(name)) return []
    const setting = known.get(name)
    if (setting?.elsewhere === 'nowhere') return [`${name}: cannot be set in the environment; pass --${setting.flag}`]
    if (setting !== undefined) return []
    const isOfCheck = name.startsWith(checkPrefix)
    const begin = isOfCheck ? checkPrefix : prefix
    const words = [...known.keys()].flatMap((one) => (one.startsWith(begin) ? [one.slice(begin.length)] : []))
    const suggestion = didYouMean(name.slice(begin.length), words, (found) => begin + found)
    return suggestion === '' && !isOfCheck ? [] : [`${name}: unknown setting${suggestion}`]
  })
}

/** Removes our variables from an environment: programs that a run starts must not get its secrets. */
export function forgetVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) if (name.startsWith(checkPrefix)) delete env[name]
}

function namesOf(key: string, { otherKey }: Setting<unknown>): string[] {
  return [key, ...(otherKey === undefined ? [] : [otherKey])].map(variableOf)
}

function inEnvironment(key: string, setting: Setting<unknown>, env: NodeJS.ProcessEnv): Said | undefined {
  const { elsewhere, fallbackEnv } = setting
  if (elsewhere === 'nowhere') return undefined
  const names = [...namesOf(key, setting), ...(fallbackEnv === undefined ? [] : [fallbackEnv])]
  const name = names.find((one) => env[one])
  const text = name === undefined ? undefined : env[name]
  return name === undefined || text === undefined ? undefined : { name, text }
}

/** A configuration value as text, or parsed when its kind has no text form. */
function inConfig(key: string, { kind }: Setting<unknown>, got: unknown) {
  if (got === undefined) return undefined
  const text = kind.fromConfig === undefined ? kind.typed(got) : undefined
  return text === undefined ? { name: key, got, parsed: kind.fromConfig?.(got) } : { name: key, got, text }
}

function put(values: Record<string, unknown>, key: string, value: unknown): void {
  const [section = '', ...below] = key.split('.')
  const name = below.join('.')
  if (name === '') {
    values[section] = value
    return
  }
  const inner = (values[section] ?? {}) as Record<string, unknown>
  values[section] = inner
  put(inner, name, value)
}

import { type Kind, yesOrNo } from './kinds.ts'

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** The user's working folder; relative paths are resolved against it. */
  readonly workingFolder: string
  /** In a clone, the clone. */
  readonly project: string
}

export interface Setting<T> extends Wording {
  readonly kind: Kind<NonNullable<T>>
  readonly default: T | ((surroundings: Surroundings) => T)
}

export interface Wording {
  readonly help: string
  /** Its flag without dashes; absent: only the environment or the configuration file can set it. */
  readonly flag?: string
  /** Aliases of the flag and of the key. */
  readonly otherFlag?: string
  readonly otherKey?: string
  /** The verbs with this flag; absent: the verb that its section is named after. */
  readonly verbs?: 'every' | readonly string[]
  /** Where it can be set besides the command line; absent: everywhere. */
  readonly elsewhere?: 'nowhere' | 'environment'
  /** A variable to use when its own is not set. */
  readonly fallbackEnv?: string
  /** Describes the default in help when its value does not. */
  readonly defaultHelp?: string
  /** Messages print `[secret]` instead. */
  readonly isSecret?: true
  /** Its heading in help. */
  readonly group?: string
}

export interface Table {
  readonly [name: string]: Setting<unknown> | Table
}

export type ValuesOf<Of> = {
  readonly [Name in keyof Of]: Of[Name] extends Setting<infer Value> ? Value : ValuesOf<Of[Name]>
}

/** Dotted names, `roll.surge`. */
export type KeysOf<Of> = {
  [Name in keyof Of & string]: Of[Name] extends Setting<unknown> ? Name : `${Name}.${KeysOf<Of[Name]>}`
}[keyof Of & string]

/** A setting without a default. */
export function optional<T>(of: Kind<T>, wording: Wording): Setting<T | undefined> {
  return { ...wording, kind: of as Kind<NonNullable<T>>, default: undefined }
}

/** A setting with a default. */
export function setting<T>(
  of: Kind<T>,
  usual: NoInfer<T | ((surroundings: Surroundings) => T)>,
  wording: Wording,
): Setting<T> {
  return { ...wording, kind: of as Kind<NonNullable<T>>, default: usual }
}

/** A switch, off by default. */
export function toggle(wording: Wording): Setting<boolean> {
  return setting(yesOrNo, false, wording)
}

/** A table's settings by dotted name, in order, each with the verbs that take its flag. */
export function settingsIn(table: Table, section = ''): ReadonlyMap<string, Setting<unknown>> {
  const settings = new Map<string, Setting<unknown>>()
  for (const [name, one] of Object.entries(table)) {
    if (isSetting(one)) settings.set(`${section}${name}`, { verbs: [section.slice(0, -1)], ...one })
    else for (const [key, setting] of settingsIn(one, `${section}${name}.`)) settings.set(key, setting)
  }
  return settings
}

function isSetting(one: Setting<unknown> | Table): one is Setting<unknown> {
  return typeof one['kind'] === 'object' && 'parse' in one['kind']
}

/** The environment variable of a setting: `BAKEROLL_ROLL_TIMEOUT` for `roll.timeoutSeconds`; the unit is part of its value. */
export function variableOf(key: string): string {
  const words = key.replace(/(Seconds|Ms)$/, '').replace(/([A-Z])/g, '_$1')
  return `BAKEROLL_${words.replaceAll('.', '_').toUpperCase()}`
}

/** All flags, each with the key that it sets. */
export function flagsIn(settings: ReadonlyMap<string, Setting<unknown>>): ReadonlyMap<string, string> {
  const flags = [...settings].flatMap(([key, { flag, otherFlag }]) =>
    [flag, otherFlag].flatMap((name) => (name === undefined ? [] : [[name, key] as const])),
  )
  return new Map(flags)
}

/** A default for help and the reference; empty when there is nothing to say. */
export function defaultText({ kind, default: usual, defaultHelp }: Setting<unknown>): string {
  if (defaultHelp !== undefined) return defaultHelp
  if (usual == null || typeof usual === 'function' || typeof usual === 'boolean') return ''
  return kind.show(usual)
}

import { type Kind, yesOrNo } from './kinds.ts'

/** What a default may depend on. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** The folder that the user stands in; relative paths start here. */
  readonly workingFolder: string
  /** The folder of the project that bakeroll works on; in a clone that is the clone. */
  readonly project: string
}

/** How one setting can be said, and what holds when nobody says it. */
export interface Setting<T> extends Wording {
  readonly kind: Kind<NonNullable<T>>
  readonly default: T | ((surroundings: Surroundings) => T)
}

/** What is declared of a setting beside its kind and its default. */
export interface Wording {
  readonly help: string
  /** The name of its flag, without dashes; without one it is said in the environment or the configuration file. */
  readonly flag?: string
  /** Another name of its flag, and of its key. */
  readonly otherFlag?: string
  readonly otherKey?: string
  /** The verbs that take its flag, and whose help shows it; absent: the verb that its section is named after. */
  readonly verbs?: 'every' | readonly string[]
  /** Where else than on the command line it can be said; absent: everywhere. */
  readonly elsewhere?: 'nowhere' | 'environment'
  /** Another variable that counts when its own is not set. */
  readonly fallbackEnv?: string
  /** What help says of the default when the value itself does not tell. */
  readonly defaultHelp?: string
  /** Never shown: messages print `[secret]`. */
  readonly isSecret?: true
  /** The heading under which help has it. */
  readonly group?: string
}

/** Settings by name, in sections. */
export interface Table {
  readonly [name: string]: Setting<unknown> | Table
}

/** The values of a table's settings. */
export type ValuesOf<Of> = {
  readonly [Name in keyof Of]: Of[Name] extends Setting<infer Value> ? Value : ValuesOf<Of[Name]>
}

/** The dotted names of a table's settings, `roll.surge`. */
export type KeysOf<Of> = {
  [Name in keyof Of & string]: Of[Name] extends Setting<unknown> ? Name : `${Name}.${KeysOf<Of[Name]>}`
}[keyof Of & string]

/** A setting that has no value until somebody gives one. */
export function optional<T>(of: Kind<T>, wording: Wording): Setting<T | undefined> {
  return { ...wording, kind: of as Kind<NonNullable<T>>, default: undefined }
}

/** A setting that always has a value. */
export function setting<T>(
  of: Kind<T>,
  usual: NoInfer<T | ((surroundings: Surroundings) => T)>,
  wording: Wording,
): Setting<T> {
  return { ...wording, kind: of as Kind<NonNullable<T>>, default: usual }
}

/** A switch, off unless said otherwise. */
export function toggle(wording: Wording): Setting<boolean> {
  return setting(yesOrNo, false, wording)
}

/** Every setting of a table by its dotted name, in order; each knows the verbs that take its flag. */
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

/** The variable of a setting: `BAKEROLL_ROLL_TIMEOUT` of `roll.timeoutSeconds`; the unit is part of its value. */
export function variableOf(key: string): string {
  const words = key.replace(/(Seconds|Ms)$/, '').replace(/([A-Z])/g, '_$1')
  return `BAKEROLL_${words.replaceAll('.', '_').toUpperCase()}`
}

/** The names of the flags of some settings, each with the key that it says. */
export function flagsIn(settings: ReadonlyMap<string, Setting<unknown>>): ReadonlyMap<string, string> {
  const flags = [...settings].flatMap(([key, { flag, otherFlag }]) =>
    [flag, otherFlag].flatMap((name) => (name === undefined ? [] : [[name, key] as const])),
  )
  return new Map(flags)
}

/** What help and the reference say of a default; empty where there is nothing to say. */
export function defaultText({ kind, default: usual, defaultHelp }: Setting<unknown>): string {
  if (defaultHelp !== undefined) return defaultHelp
  if (usual == null || typeof usual === 'function' || typeof usual === 'boolean') return ''
  return kind.show(usual)
}

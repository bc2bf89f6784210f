import { type Kind, yesOrNo } from './kinds.ts'
import type { VerbName } from './verbs.ts'

/** What a default may depend on. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** The folder that the user stands in; relative paths start here. */
  readonly workingFolder: string
  /** The folder of bakeroll itself. */
  readonly repository: string
}

/** One setting: where it can be said, what it may be, what holds when nobody says it. */
export interface Setting<T> {
  readonly kind: Kind<NonNullable<T>>
  readonly help: string
  /** The verbs that take its flag, and whose help shows it. */
  readonly verbs: 'every' | readonly VerbName[]
  /** The name of its flag, without dashes; without one it is said in the environment or the configuration file. */
  readonly flag?: string
  /** Another name of its flag. */
  readonly otherFlag?: string
  /** Where else than on the command line it can be said; without it everywhere. */
  readonly elsewhere?: 'nowhere' | 'environment'
  /** Another variable that counts when the own one is not set. */
  readonly fallbackEnv?: string
  readonly default: T | ((surroundings: Surroundings) => T)
  /** What help says of the default when the value itself does not tell. */
  readonly defaultHelp?: string
  /** Never shown: messages print `[secret]`. */
  readonly secret?: true
}

/** A switch, off unless said otherwise. */
export function toggle(help: string, flag: string, verbs: Setting<boolean>['verbs']): Setting<boolean> {
  return { kind: yesOrNo, help, flag, verbs, default: false }
}

/** A switch that says something about this one run, so that it cannot be left on in a file or the environment. */
export function toggleOfOneRun(help: string, flag: string, verbs: readonly VerbName[]): Setting<boolean> {
  return { ...toggle(help, flag, verbs), elsewhere: 'nowhere' }
}

import type { Repair } from '../lib/heal/planner.ts'
import type { CheckSection } from './check-settings.ts'

/** Everything a verb can be told, after flags, environment, `bakeroll.config.ts` and defaults. Paths are absolute. */
export interface Settings {
  readonly platform: 'local' | 'aws'
  readonly group: string
  /** Where local state lives. */
  readonly home: string
  readonly config: string | undefined
  readonly json: boolean
  readonly yes: boolean
  readonly verbose: boolean

  readonly release: string
  /** Image id or release that was asked for with `--image`. */
  readonly wantedImage: string | undefined
  /** Undefined: the group's own size, 2 for a new group. */
  readonly size: number | undefined
  readonly instance: string | undefined
  readonly force: boolean
  readonly dryRun: boolean

  readonly local: {
    readonly port: number
    readonly accelerator: 'auto' | 'kvm' | 'tcg'
    readonly memoryMib: number
    readonly cpus: number
    /** The factor of all time limits, when it is not to be measured. */
    readonly pace: number | undefined
    /** Whether an instance reaches other computers, and this one's loopback. */
    readonly network: 'closed' | 'open'
  }
  readonly aws: {
    readonly region: string | undefined
    readonly profile: string | undefined
    /** Where the service is asked, when not at the load balancer's own name. */
    readonly url: string | undefined
    /** How this computer reaches instances. */
    readonly reach: 'endpoint' | 'direct' | 'none'
    /** Further parameters of the CloudFormation templates, by name; what is absent keeps its previous value. */
    readonly networkParameters: ReadonlyMap<string, string>
    readonly serviceParameters: ReadonlyMap<string, string>
    readonly guardParameters: ReadonlyMap<string, string>
    /** On every resource of the group, beside the group's own tag. */
    readonly tags: ReadonlyMap<string, string>
    /** Deploy the guard stack, too. */
    readonly guard: boolean
    /** The owner and the name of the source image, or the SSM parameter that holds its id. */
    readonly sourceOwner: string
    readonly sourceName: string
    readonly sourceParameter: string | undefined
    readonly builderType: string
    readonly builderSubnetId: string | undefined
    /** How Packer reaches the builder. */
    readonly builderInterface: 'public_ip' | 'private_ip' | 'session_manager'
    readonly builderInstanceProfile: string | undefined
    /** The network that may reach the builder over SSH; undefined: this computer's public address. */
    readonly callerCidr: string | undefined
    readonly copyRegions: readonly string[]
    readonly shareAccounts: readonly string[]
    readonly kmsKey: string | undefined
    /** Undefined: never. */
    readonly deprecateAfterDays: number | undefined
    /** Further variables of the Packer template, by name. */
    readonly packerVariables: ReadonlyMap<string, string>
  }
  readonly image: { readonly suite: string; readonly baseDiskGib: number }
  readonly images: { readonly keep: number; readonly retire: boolean }
  readonly roll: {
    /** Machines above the group's size, a count or a share, `2` or `25%`; undefined: 1, or 0 where instances may be missing. */
    readonly batch: string | undefined
    /** How many instances may be missing: a count or a share; `0` for none. */
    readonly maxUnavailable: string
    /** A count or a share; `0` for none. */
    readonly canary: string
    /** How long the canaries are watched; undefined: not longer than it takes to prove them. */
    readonly canaryWatchSeconds: number | undefined
    /** Numbers of new instances, counts or shares above 0. */
    readonly pauseAt: readonly string[]
    /** Undefined: the roll ends there, until somebody carries it on. */
    readonly pauseSeconds: number | undefined
    /** Ids of the instances that leave first. */
    readonly first: readonly string[]
    /** Undefined: the platform's own. */
    readonly instanceTimeoutSeconds: number | undefined
    readonly timeoutSeconds: number
    /** Commands for the shell around each instance. */
    readonly beforeTerminate: string | undefined
    readonly afterAccept: string | undefined
    readonly hookTimeoutSeconds: number
    /** Where the record of the roll goes, or of the simulated one. */
    readonly report: string | undefined
    readonly engine: 'own' | 'refresh'
  }
  readonly simulate: {
    readonly instances: number
    /** In the words of the simulator, which reads both. */
    readonly policy: string | undefined
    readonly faults: string | undefined
    readonly seed: number
  }
  /** The largest repair allowed. */
  readonly heal: { readonly maxRepair: Repair }
  readonly check: CheckSection
  readonly demo: { readonly keep: boolean }
  /** Do in an unattended run what widens access or replaces what holds state. */
  readonly deploy: { readonly allowRisky: boolean }
  readonly status: { readonly drift: boolean }
  readonly destroy: { readonly images: boolean }
  readonly logs: {
    readonly follow: boolean
    readonly sinceSeconds: number | undefined
    readonly grep: string | undefined
  }
}

/** The default export of `bakeroll.config.ts`: `export default { group: 'shop' } satisfies Config`. */
export type Config = { readonly [Key in keyof Settings]?: ConfigValue<Settings[Key]> }

/** The dotted name of each setting, `roll.batch`. */
export type SettingKey = KeysOf<Settings>

/** The type of the setting with a dotted name. */
export type SettingValue<Key extends string, Of = Settings> = Key extends `${infer Section}.${infer Rest}`
  ? Section extends keyof Of
    ? SettingValue<Rest, Of[Section]>
    : never
  : Key extends keyof Of
    ? Of[Key]
    : never

/** Values that are objects, but no section of settings. */
type Leaf = readonly string[] | ReadonlyMap<string, string>

type KeysOf<Of> = {
  [Key in keyof Of & string]: Of[Key] extends Leaf ? Key : Of[Key] extends object ? `${Key}.${KeysOf<Of[Key]>}` : Key
}[keyof Of & string]

type ConfigValue<Value> =
  Value extends ReadonlyMap<string, string>
    ? { readonly [name: string]: string | number | boolean }
    : Value extends readonly string[]
      ? readonly string[]
      : Value extends object
        ? { readonly [Key in keyof Value]?: ConfigValue<Value[Key]> }
        : NonNullable<Value> extends number
          ? number | string
          : Value

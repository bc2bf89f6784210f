import type { Progress } from '../../../lib/progress.ts'
import type { AwsSettings } from '../../../settings/aws-settings.ts'
import type { PlainPaths } from '../../plain-paths.ts'
import type { Aws } from '../clients.ts'

/** Which image is wanted. */
export interface WantedAmi {
  readonly aws: Aws
  /** The folder of the local state. */
  readonly home: string
  readonly release: string
  /** Bake even when the same image exists already: both layers, so that newer Debian packages come in. */
  readonly force: boolean
  readonly settings: AwsSettings
}

/** What a bake on AWS works with. */
export interface AmiBakeTask extends WantedAmi {
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** What every run of Packer in one bake is told. */
export interface BuilderRun {
  readonly bakeId: string
  readonly region: string
  /** Where EC2 answers, when not at AWS. */
  readonly endpoint: string | undefined
  readonly callerCidr: string
  /** What Packer takes in the place of a group of its own. */
  readonly securityGroupIds: readonly string[]
  readonly keyPair: { readonly name: string; readonly privateKeyFile: string }
  /** Tags of whatever is there while the bake runs. */
  readonly runTags: Readonly<Record<string, string>>
  readonly settings: AwsSettings
}

/** One bake under way. */
export interface BakeRun extends BuilderRun {
  readonly task: AmiBakeTask
  /** Where it works; gone at its end. */
  readonly folder: string
  /** What Packer and Ansible are told in the place of real paths. */
  readonly paths: PlainPaths
  /** What Packer finds in its environment: the identity of our own clients, and how Ansible is to work. */
  readonly env: Readonly<Record<string, string | undefined>>
}

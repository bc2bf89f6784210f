import type { Progress } from '../../../lib/progress.ts'
import type { ImageContent } from '../../image-content.ts'
import type { PlainPaths } from '../../plain-paths.ts'
import type { Aws } from '../clients.ts'
import type { BakeSettings } from './architecture.ts'

export interface WantedAmi {
  readonly aws: Aws
  /** The folder with the local state. */
  readonly home: string
  readonly content: ImageContent
  /** Bake both layers even when an identical image exists, to pick up newer Debian packages. */
  readonly force: boolean
  readonly settings: BakeSettings
}

export interface AmiBakeTask extends WantedAmi {
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Shared by every Packer run of one bake. */
export interface BuilderRun {
  readonly bakeId: string
  readonly region: string
  /** Endpoint of EC2, when not AWS's own. */
  readonly endpoint: string | undefined
  readonly callerCidr: string
  /** Used by Packer instead of a group of its own. */
  readonly securityGroupIds: readonly string[]
  readonly keyPair: { readonly name: string; readonly privateKeyFile: string }
  /** Tags of everything that exists only during the bake. */
  readonly runTags: Readonly<Record<string, string>>
  readonly settings: BakeSettings
}

export interface BakeRun extends BuilderRun {
  readonly task: AmiBakeTask
  /** Work folder, removed at the end. */
  readonly folder: string
  /** Stand-ins for paths that Packer and Ansible cannot handle. */
  readonly paths: PlainPaths
  /** Packer's environment: our clients' credentials, and settings for Ansible. */
  readonly env: Readonly<Record<string, string | undefined>>
}

import type { CheckTarget } from '../../checker/probe/target.ts'
import type { DemoWork } from '../lib/demo-estimate.ts'
import type { Infrastructure } from '../lib/infrastructure.ts'
import type { Limits, Pace } from '../lib/pace.ts'
import type { Finding, Group, Image, Instance, Platform, Superseded } from '../lib/platform.ts'
import type { Progress } from '../lib/progress.ts'
import type { Probe } from '../lib/readiness.ts'
import type { Settings } from '../settings/settings.ts'

/** An image that `bake` gave, and how it came by it. */
export interface Baked {
  readonly image: Image
  readonly reused: boolean
}

/** A platform, and what is decided together with it. */
export interface OpenPlatform {
  readonly platform: Platform
  /** Our own probe of one instance, past the load balancer. */
  readonly probe: Probe
  /** Every group of this home or account, for what must know all users of an image. */
  groups(): Promise<Group[]>
  bake(wanted: { release: string; force: boolean }, run: { progress: Progress; signal: AbortSignal }): Promise<Baked>
  /** What a bake would do, in words. */
  planBake(wanted: { release: string; force: boolean }): Promise<readonly string[]>
  /** What a demo of these releases would have to make here, and the pace at which it would. */
  planDemo?(releases: readonly string[]): Promise<{ work: DemoWork; pace: Pace }>
  /** Time for an instance to boot and be ready, unless a setting says otherwise. */
  readonly instanceTimeoutSeconds: number
  /** How long everything may take whose speed is that of the machines. */
  limits(): Limits
  /** Everything that the platform needs on this computer and elsewhere, as it is. */
  examine(): Promise<Finding[]>
  /** What `check` asks to measure each of these instances. */
  targetsOf(instances: readonly Instance[]): Promise<CheckTarget[]>
  /** What a group stands on, where that is more than this computer. */
  readonly infrastructure?: Infrastructure
  /** Why there is no group, where what it stands on tells so, one line each. */
  absence?(): Promise<string[]>
  /** The base layers that go with these images, because no other image needs them. */
  basesOnlyOf?(imageIds: readonly string[]): Promise<string[]>
  /** What the platform keeps of former images beside them, and nothing needs any more. */
  superseded?(): Promise<Superseded[]>
  /** What was changed behind the platform's back, one line each. */
  drift?(): Promise<string[]>
}

/** What a platform is opened with. */
export interface Opening {
  readonly verb: string
  readonly settings: Settings
  readonly progress: Progress
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal
  /** Called when the task has ended, whatever way; the last one registered first. */
  onExit(cleanup: () => void | Promise<void>): void
}

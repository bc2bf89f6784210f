import type { CheckTarget } from '../../checker/probe/target.ts'
import type { DemoWork } from '../lib/demo-estimate.ts'
import type { Infrastructure } from '../lib/infrastructure.ts'
import type { Limits, Pace } from '../lib/pace.ts'
import type { Finding, Group, Image, Instance, Platform, Superseded } from '../lib/platform.ts'
import type { Progress } from '../lib/progress.ts'
import type { Probe } from '../lib/readiness.ts'
import type { SecretStore } from '../lib/secrets.ts'
import type { Settings } from '../settings/settings.ts'
import type { ImageContent } from './image-content.ts'

export interface Baked {
  readonly image: Image
  readonly reused: boolean
}

/** A platform with everything else the verbs need of it. */
export interface OpenPlatform {
  readonly platform: Platform
  readonly secrets: SecretStore
  /** Probes one instance directly, not through the load balancer. */
  readonly probe: Probe
  /** Every group of this home or account, to find all users of an image. */
  groups(): Promise<Group[]>
  bake(wanted: { release: string; force: boolean }, run: { progress: Progress; signal: AbortSignal }): Promise<Baked>
  planBake(wanted: { release: string; force: boolean }): Promise<readonly string[]>
  /** The work for a demo of these releases, and this computer's pace. */
  planDemo?(releases: readonly string[]): Promise<{ work: DemoWork; pace: Pace }>
  /** Time for an instance to become ready, unless a setting overrides it. */
  readonly instanceTimeoutSeconds: number
  /** Time limits for everything that depends on the speed of the machines. */
  limits(): Limits
  /** The image with exactly what would be baked of this content; undefined when there is none. */
  imageWith(content: ImageContent): Promise<string | undefined>
  /** Where this home keeps what is in place on the group's instances. */
  readonly releaseStore: string
  /** Checks what the platform needs, on this computer and elsewhere. */
  examine(): Promise<Finding[]>
  /** Targets for `check`, one per instance. */
  targetsOf(instances: readonly Instance[]): Promise<CheckTarget[]>
  /** What a group needs beyond this computer. */
  readonly infrastructure?: Infrastructure
  /** Why there is no group, one line each, if the infrastructure tells. */
  absence?(): Promise<string[]>
  /** Base layers that only these images need. */
  basesOnlyOf?(imageIds: readonly string[]): Promise<string[]>
  /** What the platform keeps of earlier images and nothing needs any more. */
  superseded?(): Promise<Superseded[]>
  /** Changes made outside bakeroll, one line each. */
  drift?(): Promise<string[]>
}

export interface Opening {
  readonly verb: string
  readonly settings: Settings
  /** What was set explicitly, by key. */
  readonly said: ReadonlyMap<string, string>
  readonly progress: Progress
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal
  /** Registers a cleanup for the end of the task, however it ends; runs in reverse order. */
  onExit(cleanup: () => void | Promise<void>): void
}

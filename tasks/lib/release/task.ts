import type { Clock } from '../clock.ts'
import type { Instance, Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Probe } from '../readiness.ts'
import type { RollEventSink } from '../roll/events.ts'
import type { ReleaseStep } from './planner.ts'
import type { ReleasePolicy } from './policy.ts'

/** Changes what a running instance serves. All throw an OperatorError, after a bounded time, when they cannot. */
export interface Delivery {
  /** Brings what can be there while the instance serves what it has: the content `from`. `deliver` does it otherwise. */
  prepare(instance: Instance, from: string): Promise<void>
  /** Brings the release to an instance that has the content `from`, or a half of the release: repeating it is safe. */
  deliver(instance: Instance, from: string): Promise<void>
  /** Gives the instance back what it had: the content `from`. Changes nothing on one that has it. */
  putBack(instance: Instance, from: string): Promise<void>
}

/** A release, and the digest of all that an instance gets of it. */
export interface Content {
  readonly release: string
  readonly content: string
}

/** What the engine works with, whichever verb it serves. */
export interface DeliveryTask {
  readonly platform: Platform
  readonly delivery: Delivery
  readonly policy: ReleasePolicy
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  /** Interval between observations; default 1 s. */
  readonly pollMs?: number | undefined
  /** Consecutive right probes that make an instance ready; default 2. */
  readonly probesNeeded?: number | undefined
  readonly onEvent?: RollEventSink | undefined
}

export interface ReleaseTask extends Omit<DeliveryTask, 'delivery'> {
  openDelivery(): Promise<Delivery>
  readonly wanted: Content
  /** The content of the group's image, where it is known; without it the name of its release counts. */
  readonly imageContent?: string | undefined
  /** Also where every instance has it. */
  readonly force?: boolean | undefined
  /** Returns when the operator agrees that for a while no instance serves; throws `refused`. */
  confirmOutage(question: string): Promise<void>
  /** Only report what would be done. */
  readonly dryRun?: boolean | undefined
}

/** `had it`: the release was there already. `gone`: its machine ended meanwhile. */
export type InstanceResult = 'released' | 'had it' | 'put back' | 'not touched' | 'gone' | 'planned'

export interface ReleaseResult {
  readonly outcome: 'released' | 'unchanged' | 'rolled-back' | 'planned'
  /** What the instances serve now; for `planned`, what they would serve. */
  readonly release: string
  readonly instances: readonly { readonly id: string; readonly result: InstanceResult }[]
  readonly seconds: number
  /** Why it rolled back. */
  readonly reason?: string
  /** For `planned`: the steps, if all goes well. */
  readonly steps?: readonly ReleaseStep[]
}

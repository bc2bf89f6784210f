import type { Clock } from '../clock.ts'
import type { Instance, Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Probe } from '../readiness.ts'
import type { BringInPlace } from '../release/top-up.ts'
import type { InnerRepair, Inspection, Repair } from './planner.ts'

export interface HealPolicy {
  readonly maxRepair: Repair
  /** Only this instance. */
  readonly instance?: string | undefined
  /** Only report the first repair of each instance. */
  readonly dryRun: boolean
  /** Share of the group to repair at once, 0 to 1; always at least one instance. */
  readonly share: number
  /** Time for a repair inside an instance to take effect. */
  readonly verifySeconds: number
  /** Time for SSH to answer before an instance counts as unreachable. */
  readonly sshSeconds: number
  /** Time for an instance to boot and become ready. */
  readonly instanceTimeoutSeconds: number
}

export interface HealTask {
  readonly platform: Platform
  /** Inspects an instance over SSH; `unreachable` is a result, not an error. */
  readonly inspect: (instance: Instance) => Promise<Inspection>
  /** Performs one repair inside an instance; throws an OperatorError when it cannot. */
  readonly repair: (instance: Instance, repair: InnerRepair) => Promise<void>
  /** For a release that is in place. */
  readonly bringInPlace?: BringInPlace | undefined
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  readonly policy: HealPolicy
  /** Interval between observations; default 1 s. */
  readonly pollMs?: number | undefined
}

/** `result`: `worked`, `did not help`, `planned`, or `failed: why`. */
export interface RepairRecord {
  readonly repair: Repair
  readonly reason: string
  result: string
}

export interface HealedInstance {
  readonly id: string
  /** One line; `healthy` when nothing was wrong. */
  readonly diagnosis: string
  readonly repairs: RepairRecord[]
  state: 'healthy' | 'healed' | 'to replace' | 'to release' | 'broken'
}

import type { Clock } from '../clock.ts'
import type { Instance, Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Probe } from '../readiness.ts'
import type { InnerRepair, Inspection, Repair } from './planner.ts'

/** How far a heal may go, and how long it waits. */
export interface HealPolicy {
  /** The largest repair allowed. */
  readonly maxRepair: Repair
  /** Only this instance. */
  readonly instance?: string | undefined
  /** Only tell what would be done first. */
  readonly dryRun: boolean
  /** Share of the group in repair at once, 0 to 1; always at least one instance. */
  readonly share: number
  /** Time for a repair inside an instance to show. */
  readonly verifySeconds: number
  /** Time for SSH to answer before an instance counts as unreachable. */
  readonly sshSeconds: number
  /** Time for an instance to boot and be ready. */
  readonly instanceTimeoutSeconds: number
}

/** What a heal works with. */
export interface HealTask {
  readonly platform: Platform
  /** Looks into an instance over SSH; `unreachable` is an answer, not an error. */
  readonly inspect: (instance: Instance) => Promise<Inspection>
  /** Does one repair inside an instance; throws an OperatorError when it cannot be done. */
  readonly repair: (instance: Instance, repair: InnerRepair) => Promise<void>
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  readonly policy: HealPolicy
  /** Between two looks; 1 s. */
  readonly pollMs?: number | undefined
}

/** One repair and what came of it: `worked`, `did not help`, `planned`, or `failed: why`. */
export interface RepairRecord {
  readonly repair: Repair
  readonly reason: string
  result: string
}

/** One instance as a heal found and left it. */
export interface HealedInstance {
  readonly id: string
  /** One line; `healthy` when nothing was wrong. */
  readonly diagnosis: string
  readonly repairs: RepairRecord[]
  /** How it stands now. */
  state: 'healthy' | 'healed' | 'to replace' | 'broken'
}

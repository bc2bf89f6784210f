import type { Clock } from '../clock.ts'
import type { Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Probe } from '../readiness.ts'
import type { RollEventSink } from './events.ts'
import type { RollHooks } from './hooks.ts'
import type { RollPolicy } from './policy.ts'
import type { Step } from './snapshot.ts'

export interface RollTask {
  readonly platform: Platform
  /** Image id or release; default: see `resolveImage`. */
  readonly image?: string | undefined
  /** This roll is a rollback; a later `rollback` resumes it. */
  readonly isRollback?: true | undefined
  readonly policy: RollPolicy
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  /** Only report what would be done. */
  readonly dryRun?: boolean | undefined
  /** Interval between observations; default 1 s. */
  readonly pollMs?: number | undefined
  /** Consecutive right probes that make a new instance ready; default 2. */
  readonly probesNeeded?: number | undefined
  readonly hooks?: RollHooks | undefined
  readonly onEvent?: RollEventSink | undefined
}

/**
 * `rolled-back`: what served before serves again, `reason` says why. `paused`: at a pause point, both images serve; the
 * same roll continues.
 */
export interface RollResult {
  readonly outcome: 'rolled' | 'unchanged' | 'rolled-back' | 'planned' | 'paused'
  /** The image that the group now wants; for `planned`, the target. */
  readonly image: string
  readonly replaced: readonly { readonly from: string; readonly to: string }[]
  readonly seconds: number
  readonly reason?: string
  /** For `planned`: the steps, if all goes well. */
  readonly steps?: readonly Step[]
}

import type { Clock } from '../clock.ts'
import type { Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Probe } from '../readiness.ts'
import type { RollEventSink } from './events.ts'
import type { RollHooks } from './hooks.ts'
import type { RollPolicy } from './policy.ts'
import type { Step } from './snapshot.ts'

/** What a roll works with. */
export interface RollTask {
  readonly platform: Platform
  /** Image id or release; without it as `resolveImage` says. */
  readonly image?: string | undefined
  /** It is a rollback, which a later one carries on. */
  readonly isRollback?: true | undefined
  readonly policy: RollPolicy
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  /** Only tell what would be done. */
  readonly dryRun?: boolean | undefined
  /** Between two looks at the group; 1 s. */
  readonly pollMs?: number | undefined
  /** Right probes in a row that prove a new instance; 2. */
  readonly probesNeeded?: number | undefined
  readonly hooks?: RollHooks | undefined
  /** Takes what happens, as it happens. */
  readonly onEvent?: RollEventSink | undefined
}

/**
 * What came of a roll. `rolled-back`: what served before serves again, `reason` says why. `paused`: at a pause point, both
 * images serve; the same roll carries on.
 */
export interface RollResult {
  readonly outcome: 'rolled' | 'unchanged' | 'rolled-back' | 'planned' | 'paused'
  /** The image that the group wants now; of `planned`, the one it would be rolled to. */
  readonly image: string
  readonly replaced: readonly { readonly from: string; readonly to: string }[]
  readonly seconds: number
  readonly reason?: string
  /** Of `planned`: what would be done, if all goes well. */
  readonly steps?: readonly Step[]
}

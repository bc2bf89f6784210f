import type { Observation } from '../group-watch.ts'
import type { RollRecord } from '../platform.ts'

/** A request that the platform keeps refusing. */
export interface Refusal {
  readonly sinceMs: number
  readonly reason: string
}

/** What a run knows beyond what it sees. All of it may be lost with the run. */
export interface RollMemory {
  /** When this run began, or began to roll back. */
  readonly phaseStartedMs: number
  readonly refusals: { readonly launch?: Refusal | undefined; readonly other?: Refusal | undefined }
  /** New instances that failed and must be replaced. */
  readonly condemned: ReadonlySet<string>
  /** Instances whose `afterAccept` hook is done; absent without such a hook. */
  readonly accepted?: ReadonlySet<string> | undefined
  /** Instances whose `afterAccept` hook failed, and why. */
  readonly rejected: ReadonlyMap<string, string>
  /** Failures of the `beforeTerminate` hook by instance. */
  readonly hookFailures: ReadonlyMap<string, { readonly times: number; readonly reason: string }>
  /** Start of the wait at a pause point. */
  readonly heldSinceMs?: number | undefined
  /** How often somebody else has changed the image of the group. */
  readonly imageChanges: number
}

export function emptyMemory(phaseStartedMs: number): RollMemory {
  return {
    phaseStartedMs,
    refusals: {},
    condemned: new Set(),
    rejected: new Map(),
    hookFailures: new Map(),
    imageChanges: 0,
  }
}

/** Everything that a roll decides from. */
export interface RollSnapshot extends Observation, RollMemory {
  readonly record: RollRecord
}

/**
 * One decision of a roll. `accept`: a new instance is ready, its hook is due. `replace`: a new instance failed while
 * others of its image are ready; it counts as a setback and leaves. `roll back`: the image is at fault. `give up`: the
 * rollback failed too. `stop`: the platform or somebody is in the way; a person is needed. `hold` begins a timed pause,
 * `pass` ends it, `pause` ends the run.
 */
export type Step = { readonly because: string } & (
  | { readonly do: 'repair load balancer' | 'set image' | 'roll back' | 'give up' | 'stop' | 'finish' | 'wait' }
  | { readonly do: 'launch'; readonly count: number }
  | { readonly do: 'drain' | 'terminate' | 'accept'; readonly instanceId: string }
  /** `setbacks`: including this one. */
  | { readonly do: 'replace'; readonly instanceId: string; readonly setbacks: number }
  | { readonly do: 'hold' | 'pass' | 'pause'; readonly at: number }
)

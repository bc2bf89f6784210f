import type { Observation } from '../group-watch.ts'
import type { RollRecord } from '../platform.ts'

/** Something that was asked of the platform again and again, and refused. */
export interface Refusal {
  readonly sinceMs: number
  readonly reason: string
}

/** What a run of a roll knows beside what it sees. All of it may be lost with the run. */
export interface RollMemory {
  /** When this run began, or rolled back. */
  readonly phaseStartedMs: number
  /** What is being refused now. */
  readonly refusals: { readonly launch?: Refusal | undefined; readonly other?: Refusal | undefined }
  /** New instances that failed and shall be replaced. */
  readonly condemned: ReadonlySet<string>
  /** The instances that the hook after acceptance was done for; absent without such a hook. */
  readonly accepted?: ReadonlySet<string> | undefined
  /** Those for which it failed, and why. */
  readonly rejected: ReadonlyMap<string, string>
  /** For which instances the hook before their end has failed, and how often. */
  readonly hookFailures: ReadonlyMap<string, { readonly times: number; readonly reason: string }>
  /** Since when the run waits at a pause point. */
  readonly heldSinceMs?: number | undefined
  /** How often somebody else has changed the image of the group. */
  readonly imageChanges: number
}

/** Nothing known yet. */
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
 * One thing a roll has decided to do. `accept`: a new instance is ready, the hook for it is due. `replace`: a new
 * instance failed where others of its image are ready, it is counted as a setback and leaves. `roll back`: the image is
 * at fault. `give up`: the rollback failed too. `stop`: the platform, or somebody, is in the way; a person is needed. `hold`
 * begins a pause for its time, `pass` ends it, `pause` ends the run.
 */
export type Step = { readonly because: string } & (
  | { readonly do: 'repair load balancer' | 'set image' | 'roll back' | 'give up' | 'stop' | 'finish' | 'wait' }
  | { readonly do: 'launch'; readonly count: number }
  | { readonly do: 'drain' | 'terminate' | 'accept'; readonly instanceId: string }
  /** `setbacks`: how many there are with this one. */
  | { readonly do: 'replace'; readonly instanceId: string; readonly setbacks: number }
  | { readonly do: 'hold' | 'pass' | 'pause'; readonly at: number }
)

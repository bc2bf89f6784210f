/** Counts are instances; a share of the group is resolved before the roll begins. */
export interface RollPolicy {
  /** Most machines above the group's size: the size of the sliding window. 0 only with `maxUnavailable`. */
  readonly surge: number
  /** How many of `size` may be missing when there is no room for a surge: it is 0, or the platform refuses to launch. */
  readonly maxUnavailable: number
  /** New instances that must be ready before more are launched; 0 for none. */
  readonly canary: number
  /** How long the canaries must stay ready, without a break, before the rest follow. */
  readonly canaryWatchSeconds: number
  /** Numbers of ready new instances at which the roll pauses, ascending. */
  readonly pauseAt: readonly number[]
  /** How long it pauses there; `undefined`: the run ends as `paused`, and the same command continues. */
  readonly pauseSeconds: number | undefined
  /** Instances that leave first, in this order. */
  readonly first: readonly string[]
  /** Also replace instances that already run the image. */
  readonly force: boolean
  /** Time for a new instance to become ready. */
  readonly instanceTimeoutSeconds: number
  /** How long a watched canary may be unready: one lost probe is not a failure. Default 15 s. */
  readonly canaryGraceSeconds?: number | undefined
  /** Time for the roll, and again for its rollback. */
  readonly timeoutSeconds: number
}

/** One at a time, launch before terminate. */
export const plainPolicy: RollPolicy = {
  surge: 1,
  maxUnavailable: 0,
  canary: 0,
  canaryWatchSeconds: 0,
  pauseAt: [],
  pauseSeconds: undefined,
  first: [],
  force: false,
  instanceTimeoutSeconds: 600,
  timeoutSeconds: 3600,
}

/** The capacity that a roll promises: healthy instances in service at every moment, as far as faults leave that many. */
export function floorOf({ maxUnavailable }: Pick<RollPolicy, 'maxUnavailable'>, size: number): number {
  return Math.max(0, size - maxUnavailable)
}

export function maximumOf({ surge }: Pick<RollPolicy, 'surge'>, size: number): number {
  return size + surge
}

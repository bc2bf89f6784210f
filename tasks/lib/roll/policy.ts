/** How a roll may proceed. Counts are instances; a share of the group is made a count before the roll begins. */
export interface RollPolicy {
  /** Machines above the group's size at most, so the size of the sliding window; 0 only with `maxUnavailable`. */
  readonly surge: number
  /** How many of `size` may be missing where there is no room for a surge: it is 0, or the platform refuses to launch. */
  readonly maxUnavailable: number
  /** New instances to be ready before any more are launched; 0 for none. */
  readonly canary: number
  /** How long the canaries must stay ready, without a break, before the others follow. */
  readonly canaryWatchSeconds: number
  /** Numbers of ready new instances at which the roll pauses, ascending. */
  readonly pauseAt: readonly number[]
  /** How long it pauses there; `undefined`: it ends as `paused`, and the same command carries it on. */
  readonly pauseSeconds: number | undefined
  /** Instances that leave first, in this order. */
  readonly first: readonly string[]
  /** Replace what already runs the image, too. */
  readonly force: boolean
  /** Time for a new instance to be ready. */
  readonly instanceTimeoutSeconds: number
  /** How long a watched canary may lose its readiness: one probe that got lost is no failure. 15 s. */
  readonly canaryGraceSeconds?: number | undefined
  /** Time for the roll, and again for its rollback. */
  readonly timeoutSeconds: number
}

/** One after the other, launch before terminate, nothing special. */
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

/** The capacity that a roll promises: healthy instances in service at every moment, as far as faults leave as many. */
export function floorOf({ maxUnavailable }: Pick<RollPolicy, 'maxUnavailable'>, size: number): number {
  return Math.max(0, size - maxUnavailable)
}

/** The machines that a roll has at most. */
export function maximumOf({ surge }: Pick<RollPolicy, 'surge'>, size: number): number {
  return size + surge
}

export interface BoundTask {
  /** In the order of launch, for the machines that the group ends with. */
  readonly bootSeconds: readonly number[]
  /** Machines before the roll; default: as many as boot times. */
  readonly old?: number
  /** Machines allowed above the old ones. */
  readonly surge: number
  /** Old machines that may leave before their replacements serve. */
  readonly maxUnavailable: number
  /** From a machine's first answer until it counts as capacity. */
  readonly healthCheckSeconds: number
  /** From the start of a drain until the machine can be terminated. */
  readonly drainSeconds: number
  /** More new machines are allowed only when that many serve, and after a wait. */
  readonly checkpoints?: readonly BoundCheckpoint[]
}

/** A canary or a pause point. */
export interface BoundCheckpoint {
  readonly count: number
  readonly seconds: number
  /** As many old ones must have left before the wait begins. */
  readonly isWhole: boolean
}

/**
 * The shortest time in which any policy can replace the machines, in seconds.
 *
 * Why no policy is faster, when the k-th launch takes the k-th boot time and nobody knows it before it is over:
 * let P(j) be the moment at which the j-th of the new machines serves, in the order in which they begin to serve.
 * - There are never more than `old + surge` machines, so the k-th launch waits for the end of `k - surge` old ones.
 * - At most `maxUnavailable` may be missing, so the j-th old one begins to drain at P(j - maxUnavailable) at the earliest,
 *   and can be ended `drainSeconds` later.
 * - So the k-th launch is at P(k - surge - maxUnavailable) + drainSeconds at the earliest, or at `drainSeconds` when only that
 *   many old ones have to go first, or at once.
 * To launch at exactly these moments is a schedule, too, and every P of it is the earliest there is, by induction over the
 * launches: the earliest starts so far give the smallest P so far in each rank, since none of the machines launched later can
 * come into a rank before its own start, and later starts only raise ranks. The last old one is ended at
 * P(old - maxUnavailable) + drainSeconds, and the last new one serves at the largest P.
 */
export function lowerBoundSeconds(task: BoundTask): number {
  const { bootSeconds, surge, maxUnavailable, drainSeconds, checkpoints = [] } = task
  const old = task.old ?? bootSeconds.length
  const served: number[] = []
  const rank = (k: number) => (k <= 0 ? 0 : (served[Math.min(k, served.length) - 1] ?? 0))
  for (const [index, boot] of bootSeconds.entries()) {
    const k = index + 1
    const roomAt = k <= surge ? 0 : rank(k - surge - maxUnavailable) + drainSeconds
    const start = Math.max(
      roomAt,
      ...checkpoints.filter(({ count }) => count < k).map((checkpoint) => openedAt(checkpoint)),
    )
    insert(served, start + boot + task.healthCheckSeconds)
  }
  function openedAt({ count, seconds, isWhole }: BoundCheckpoint): number {
    const leftAt = isWhole ? rank(count - maxUnavailable) + drainSeconds : 0
    return Math.max(rank(count), leftAt) + seconds
  }
  const leaving = old - maxUnavailable
  const lastLeft = old <= 0 ? 0 : rank(leaving) + drainSeconds
  return Math.max(lastLeft, rank(served.length))
}

/** Keeps the list ascending. */
function insert(list: number[], value: number): void {
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((list[middle] ?? 0) <= value) from = middle + 1
    else to = middle
  }
  list.splice(from, 0, value)
}

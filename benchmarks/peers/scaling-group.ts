/** The common input of all peers' models; times in seconds. */
export interface PeerTask {
  readonly size: number
  /** Boot time of the n-th launch, from 1. */
  readonly bootSeconds: (nth: number) => number
  /** From the end of the boot until the load balancer considers the instance healthy. */
  readonly healthCheckSeconds: number
  /** From the call that terminates an instance until it is gone; it serves no new request in that time. */
  readonly drainSeconds: number
  /** Between two polls of the group. */
  readonly pollSeconds: number
}

/** The result of a roll. */
export interface PeerResult {
  /** Until the last old instance is gone and the last new one is in service, even if that is noticed later. */
  readonly makespanSeconds: number
  /** The fewest instances in service at any moment. */
  readonly lowestHealthy: number
  /** The most machines at any moment, including those being terminated. */
  readonly highestSize: number
}

/**
 * An Auto Scaling group as a peer's model sees it: no faults, every call takes effect at once. Machines being
 * terminated do not count towards the desired capacity, so a group replaces them at once: the reading of "Amazon EC2
 * Auto Scaling launches instances to replace the ones that are terminated" that is most favourable to the peer
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html).
 */
export interface ScalingGroup {
  /** Desired capacity. */
  readonly desired: number
  /** Old instances that serve. */
  readonly old: number
  /** New instances, including those still booting. */
  readonly fresh: number
  /** Instances being terminated. */
  readonly leaving: number
  /** New instances that have been in service for at least this long. */
  inServiceFor(seconds: number): number
  setDesired(count: number): void
  /** Terminates old instances; with `decrement`, lowers the desired capacity as well. */
  endOld(count: number, decrement: boolean): void
  pass(seconds: number): void
  result(): PeerResult
}

/** Opens a group of `size` old instances that all serve, at second 0. */
export function openScalingGroup({ size, bootSeconds, healthCheckSeconds, drainSeconds }: PeerTask): ScalingGroup {
  const state = { now: 0, desired: size, old: size, lowest: size, highest: size, lastGone: 0 }
  const inServiceAt: number[] = []
  let goneAt: number[] = []
  const inServiceFor = (seconds: number) => inServiceAt.filter((at) => at + seconds <= state.now).length
  const fill = () => {
    while (state.old + inServiceAt.length < state.desired) {
      inServiceAt.push(state.now + bootSeconds(inServiceAt.length + 1) + healthCheckSeconds)
    }
    state.highest = Math.max(state.highest, state.old + inServiceAt.length + goneAt.length)
  }
  return {
    get desired() {
      return state.desired
    },
    get old() {
      return state.old
    },
    get fresh() {
      return inServiceAt.length
    },
    get leaving() {
      return goneAt.length
    },
    inServiceFor,
    setDesired(count) {
      state.desired = count
      fill()
    },
    endOld(count, decrement) {
      state.lastGone = state.now + drainSeconds
      for (let ended = 0; ended < count; ended += 1) goneAt.push(state.lastGone)
      state.old -= count
      state.lowest = Math.min(state.lowest, state.old + inServiceFor(0))
      if (decrement) state.desired -= count
      fill()
    },
    pass(seconds) {
      state.now += seconds
      goneAt = goneAt.filter((at) => at > state.now)
    },
    result: () => ({
      makespanSeconds: Math.max(state.lastGone, ...inServiceAt),
      lowestHealthy: state.lowest,
      highestSize: state.highest,
    }),
  }
}

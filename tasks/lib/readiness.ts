import type { Instance } from './platform.ts'

/** The result of our own probe of one instance; an absent `...Ok` is unknown. */
export interface ProbeResult {
  readonly ok: boolean
  /** One line, when not ok: `GET /health: 502`. */
  readonly reason?: string | undefined
  readonly versionOk?: boolean | undefined
  readonly clockOk?: boolean | undefined
  /**
   * Only the clock is unknown, because the answers were too slow to measure it: counts neither for nor against the
   * instance.
   */
  readonly undecided?: boolean | undefined
  readonly upstreamOk?: boolean | undefined
  /** Median time of a request on an open connection. */
  readonly latencyMs?: number | undefined
}

/** Probes this instance directly, bypassing the load balancer. Never throws for a broken instance. */
export type Probe = (instance: Instance, expectedRelease: string) => Promise<ProbeResult>

/** What one run has seen of one instance. Not persisted: a new run starts from nothing. */
export interface Readiness {
  /** It runs, is healthy at the load balancer, and enough of our last probes in a row were right. */
  readonly ready: boolean
  /** Ready at some time in this run. */
  readonly everReady: boolean
  /** Start of the current ready time; absent while not ready. */
  readonly readySinceMs?: number
  /** When it last became unready, at most `lossesKept` times. */
  readonly lostAtMs: readonly number[]
  /** Consecutive right probes. */
  readonly rightProbes: number
  /** The last probe; absent when there was none. */
  readonly probedAtMs?: number
  /** The last latencies, at most `latenciesKept`. */
  readonly latenciesMs: readonly number[]
  /** Seen pending or running in this run. */
  readonly seenAlive: boolean
  /** Seen healthy at the load balancer in this run. */
  readonly everServed: boolean
  /** Start of the current unready time; absent while ready. */
  readonly unreadySinceMs?: number
  readonly wrongRelease: boolean
  /** The last answer to our probe had a wrong release or clock; silence since then changes nothing. */
  readonly answersWrong: boolean
  /** Why it is not ready, one line. */
  readonly reason?: string
}

export interface Look {
  readonly nowMs: number
  /** Consecutive right probes that make an instance ready. */
  readonly probesNeeded: number
  /** The highest median latency of a ready instance; absent: no limit. */
  readonly latencyLimitMs?: number | undefined
}

export const lossesKept = 5
const latenciesKept = 5

export const noReadiness: Readiness = {
  ready: false,
  everReady: false,
  rightProbes: 0,
  seenAlive: false,
  everServed: false,
  wrongRelease: false,
  answersWrong: false,
  lostAtMs: [],
  latenciesMs: [],
}

/** The readiness after one more observation. Without `probe`, the results of earlier probes still hold. */
export function updateReadiness(
  before: Readiness | undefined,
  instance: Instance,
  probe: ProbeResult | undefined,
  look: Look,
): Readiness {
  return nextReadiness(before ?? noReadiness, instance, probe, look)
}

function nextReadiness(before: Readiness, instance: Instance, probe: ProbeResult | undefined, look: Look): Readiness {
  const { nowMs } = look
  const rightProbes = countRight(before, instance, probe)
  const latenciesMs = probe?.latencyMs === undefined ? before.latenciesMs : lastOf(before.latenciesMs, probe.latencyMs)
  const reason = whyUnready(instance, probe, { ...before, rightProbes, latenciesMs }, look)
  const ready = reason === undefined
  const isLost = before.ready && !ready
  return {
    ready,
    rightProbes,
    latenciesMs,
    everReady: ready || before.everReady,
    lostAtMs: isLost ? [...before.lostAtMs, nowMs].slice(-lossesKept) : before.lostAtMs,
    seenAlive: instance.state !== 'stopped' || before.seenAlive,
    everServed: isServing(instance) || before.everServed,
    wrongRelease: probe === undefined ? before.wrongRelease : probe.versionOk === false,
    answersWrong: isWrong(probe) ?? before.answersWrong,
    ...(probe ? { probedAtMs: nowMs } : before.probedAtMs === undefined ? {} : { probedAtMs: before.probedAtMs }),
    ...(ready
      ? { readySinceMs: before.readySinceMs ?? nowMs }
      : { unreadySinceMs: before.unreadySinceMs ?? nowMs, reason }),
  }
}

export function isServing({ state, health }: Instance): boolean {
  return state === 'running' && health === 'healthy'
}

/** The upper one of two middle numbers; `undefined` for an empty list. */
export function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

export function whyAwaited(readiness: Readiness | undefined): string {
  return readiness?.reason ?? 'not seen yet'
}

function countRight(before: Readiness, { state }: Instance, probe: ProbeResult | undefined): number {
  if (state !== 'running') return 0
  if (!probe || probe.undecided) return before.rightProbes
  return probe.ok ? before.rightProbes + 1 : 0
}

function whyUnready(instance: Instance, probe: ProbeResult | undefined, seen: Readiness, look: Look) {
  if (instance.state === 'stopped') return 'its machine is gone'
  if (instance.state === 'pending') return 'its machine is booting'
  if (!probe && seen.probedAtMs === undefined) return 'not probed'
  if (probe && !probe.ok && !(probe.undecided && seen.ready)) return probe.reason ?? 'our probe fails'
  if (instance.health !== 'healthy') return `the load balancer says ${instance.health}`
  if (!probe && seen.rightProbes === 0) return seen.reason ?? 'our probe fails'
  if (seen.rightProbes < look.probesNeeded) return `${seen.rightProbes} of ${look.probesNeeded} probes right so far`
  return whySlow(seen, look)
}

function whySlow({ latenciesMs }: Readiness, { latencyLimitMs = Number.POSITIVE_INFINITY }: Look) {
  const latencyMs = median(latenciesMs) ?? 0
  if (latencyMs <= latencyLimitMs) return undefined
  return `answers in ${Math.round(latencyMs)} ms; the limit, set by the instances that serve, is ${Math.round(latencyLimitMs)} ms`
}

/** Undefined where the probe could not tell. */
function isWrong({ versionOk, clockOk }: Partial<ProbeResult> = {}): boolean | undefined {
  return versionOk === undefined && clockOk === undefined ? undefined : versionOk === false || clockOk === false
}

function lastOf(before: readonly number[], one: number): number[] {
  return [...before, one].slice(-latenciesKept)
}

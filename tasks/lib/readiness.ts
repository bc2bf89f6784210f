import type { Instance } from './platform.ts'

/** What our own probe of one instance found; an `...Ok` that is absent could not be told. */
export interface ProbeResult {
  readonly ok: boolean
  /** One line, when not ok: `GET /now: 502`. */
  readonly reason?: string | undefined
  readonly versionOk?: boolean | undefined
  readonly clockOk?: boolean | undefined
  /** All is right but the clock, which the answers were too slow to tell: it speaks neither for the instance nor against it. */
  readonly undecided?: boolean | undefined
  readonly upstreamOk?: boolean | undefined
  /** How long it took to answer one request on a connection that was open already, median. */
  readonly latencyMs?: number | undefined
}

/** Measures this very instance past the load balancer. Never throws for a broken instance. */
export type Probe = (instance: Instance, expectedRelease: string) => Promise<ProbeResult>

/** What one run has seen of one instance so far. Lives as long as the run; a new run looks for itself. */
export interface Readiness {
  /** Its machine runs, the load balancer says healthy, and our last probes, enough of them, were right. */
  readonly ready: boolean
  /** This run has seen it ready at some time. */
  readonly everReady: boolean
  /** Since when it is ready without a break; absent while it is not. */
  readonly readySinceMs?: number
  /** The last times at which it lost its readiness, at most `lossesKept`. */
  readonly lostAtMs: readonly number[]
  /** Probes in a row that were right. */
  readonly rightProbes: number
  /** When it was probed last; absent when it never was. */
  readonly probedAtMs?: number
  /** Its last latencies, at most `latenciesKept`. */
  readonly latenciesMs: readonly number[]
  /** This run has seen it pending or running. */
  readonly seenAlive: boolean
  /** This run has seen the load balancer call it healthy. */
  readonly everServed: boolean
  /** Since when this run sees it not ready; absent while ready. */
  readonly unreadySinceMs?: number
  readonly wrongRelease: boolean
  /** When our probe was answered last, its release or its clock was wrong; silence since then changes nothing. */
  readonly answersWrong: boolean
  /** Why it is not ready, one line. */
  readonly reason?: string
}

/** How an instance is looked at. */
export interface Look {
  readonly nowMs: number
  /** Right probes in a row that prove an instance. */
  readonly probesNeeded: number
  /** The slowest that a ready instance may be, by the median of its last latencies; any when absent. */
  readonly latencyLimitMs?: number | undefined
}

/** How many times of lost readiness are remembered. */
export const lossesKept = 5
const latenciesKept = 5

/** Nothing seen yet. */
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

/**
 * What is known of an instance after one more look; `probe` is absent when it was not probed this time, what earlier probes
 * told then still holds.
 */
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

/** Does the load balancer send it requests that it answers? */
export function isServing({ state, health }: Instance): boolean {
  return state === 'running' && health === 'healthy'
}

/** The middle one of some numbers; `undefined` of none. */
export function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

/** Why an instance is still waited for, one line. */
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
  return `answers in ${Math.round(latencyMs)} ms; beside those that serve, at most ${Math.round(latencyLimitMs)} ms is right`
}

/** Undefined where the probe could not tell. */
function isWrong({ versionOk, clockOk }: Partial<ProbeResult> = {}): boolean | undefined {
  return versionOk === undefined && clockOk === undefined ? undefined : versionOk === false || clockOk === false
}

function lastOf(before: readonly number[], one: number): number[] {
  return [...before, one].slice(-latenciesKept)
}

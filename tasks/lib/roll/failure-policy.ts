import { secondsSince } from '../clock.ts'
import type { Instance } from '../platform.ts'
import { isServing, lossesKept } from '../readiness.ts'
import { type Fleet, isGood, isNew, isOlderThan, targetImageId } from './fleet.ts'
import type { RollPolicy } from './policy.ts'
import type { RollSnapshot } from './snapshot.ts'

/** A person is needed. */
export interface Stop {
  readonly do: 'give up' | 'stop'
  readonly because: string
}

export type FailureDecision =
  | Stop
  | { readonly do: 'roll back'; readonly because: string }
  | { readonly do: 'replace'; readonly failing: readonly FailedInstance[] }

/** A new instance that failed. */
export interface FailedInstance {
  readonly instance: Instance
  readonly because: string
  /** The image is certainly at fault. */
  readonly isCertain?: true
}

/**
 * Decides what is at fault when a roll does not proceed; `undefined` while nothing is wrong. The image is at fault when
 * one of its instances serves the wrong release, or fails before any other was ready; later, only when more than
 * `setbackLimit` of them failed. An instance whose whole zone stopped serving, and a platform that refuses, are never
 * the image's fault.
 */
export function decideOnFailures(
  snapshot: RollSnapshot,
  fleet: Fleet,
  policy: RollPolicy,
): FailureDecision | undefined {
  const { record, group } = snapshot
  const failing = failingInstances(snapshot, fleet, policy)
  const setbacks = (record.setbacks ?? 0) + failing.length
  const first = failing.find((one) => one.isCertain) ?? failing[0]
  const isTooMuch = setbacks > setbackLimit(group.size)
  if (record.rollingBack) {
    if (first) return isTooMuch ? { do: 'give up', because: first.because } : { do: 'replace', failing }
    const because = whyStuck(snapshot, policy)?.because ?? whyLate(snapshot, policy)
    return because === undefined ? undefined : { do: 'give up', because }
  }
  if (first && (first.isCertain || isTooMuch || !hasReadyBeside(snapshot, failing))) {
    return { do: 'roll back', because: first.because }
  }
  return first ? { do: 'replace', failing } : platformFailure(snapshot, fleet, policy)
}

/** Why a roll stops waiting for a stopped load balancer, which says nothing about the image; `undefined` while it waits. */
export function giveUpReason(snapshot: RollSnapshot, policy: RollPolicy): Stop | undefined {
  const because = whyStuck(snapshot, policy)?.because ?? whyLate(snapshot, policy)
  return because === undefined ? undefined : { do: snapshot.record.rollingBack ? 'give up' : 'stop', because }
}

/** What blocks a roll although no instance of the new image fails. */
function platformFailure(snapshot: RollSnapshot, fleet: Fleet, policy: RollPolicy): FailureDecision | undefined {
  const stuck = whyStuck(snapshot, policy)
  // No new instance exists, so what served before is complete and rolling back costs nothing.
  if (stuck?.isLaunch && fleet.wanted.length === 0) return { do: 'roll back', because: stuck.because }
  if (stuck) return { do: 'stop', because: stuck.because }
  const late = whyLate(snapshot, policy)
  if (late === undefined) return undefined
  const [lost] = zonesLost(snapshot)
  if (lost === undefined || fleet.wanted.length === 0) return { do: 'roll back', because: late }
  return {
    do: 'stop',
    because: `${late}: nothing serves any more in ${lost || 'the whole group'}, although its machines run`,
  }
}

/** How many new instances may fail while others are ready: a tenth of the group, at least one. */
export function setbackLimit(size: number): number {
  return Math.max(1, Math.floor(size / 10))
}

function failingInstances(snapshot: RollSnapshot, { wanted, dead }: Fleet, policy: RollPolicy): FailedInstance[] {
  const { record, readiness, condemned } = snapshot
  const lostZones = zonesLost(snapshot)
  const failing: FailedInstance[] = []
  for (const instance of wanted) {
    if (record.rollingBack && isOlderThan(record, instance)) continue
    const one = failureOf(snapshot, instance, policy)
    const isExcused = lostZones.has(instance.zone ?? '') && !readiness.get(instance.id)?.wrongRelease
    if (one && !isExcused) failing.push(one)
  }
  for (const instance of dead) {
    const seen = readiness.get(instance.id)
    if (isOlderThan(record, instance) || instance.imageId !== targetImageId(record) || condemned.has(instance.id))
      continue
    if (seen?.seenAlive && !seen.everReady) {
      failing.push({ instance, because: `${instance.id} died before it was healthy` })
    }
  }
  return failing
}

function failureOf(snapshot: RollSnapshot, instance: Instance, policy: RollPolicy): FailedInstance | undefined {
  const { readiness, record, nowMs, rejected } = snapshot
  const { id } = instance
  const limitMs = policy.instanceTimeoutSeconds * 1000
  const rejection = rejected.get(id)
  if (rejection !== undefined) return { instance, because: rejection }
  const seen = readiness.get(id)
  if (!seen) return undefined
  const losses = seen.lostAtMs
  if (losses.length >= lossesKept && nowMs - (losses[0] ?? 0) <= limitMs) {
    return {
      instance,
      because: `${id} lost its readiness ${losses.length} times: ${seen.reason ?? 'it is ready again'}`,
    }
  }
  if (isGood(instance, seen, record)) return undefined
  const unreadyMs = nowMs - (seen.unreadySinceMs ?? nowMs)
  if (isWatched(snapshot, policy) && seen.everReady && unreadyMs > 1000 * (policy.canaryGraceSeconds ?? 15)) {
    return { instance, because: `canary ${id} failed while it was watched: ${seen.reason}`, isCertain: true }
  }
  if (seen.wrongRelease) return { instance, because: `${id} serves the wrong release: ${seen.reason}`, isCertain: true }
  if (unreadyMs <= limitMs) return undefined
  return { instance, because: `${id} not healthy after ${Math.round(unreadyMs / 1000)} s: ${seen.reason}` }
}

/** Are the canaries the only new instances, and watched? */
function isWatched({ group, record }: RollSnapshot, { canary, canaryWatchSeconds }: RollPolicy): boolean {
  if (canary === 0 || canaryWatchSeconds === 0 || record.rollingBack) return false
  return group.instances.filter((one) => isNew(record, one)).length <= canary
}

/** Was an instance of the new image that is not failing now ready in this run? */
function hasReadyBeside({ group, readiness, record }: RollSnapshot, failing: readonly FailedInstance[]): boolean {
  const failed = new Set(failing.map(({ instance }) => instance.id))
  return group.instances.some((one) => isNew(record, one) && !failed.has(one.id) && readiness.get(one.id)?.everReady)
}

/** Zones where at least two instances stopped serving although their machines run, and no other serves. */
function zonesLost({ group, readiness }: RollSnapshot): ReadonlySet<string> {
  const zones = new Map<string, { lost: number; serving: number }>()
  for (const instance of group.instances) {
    if (instance.state !== 'running') continue
    const zone = zones.get(instance.zone ?? '') ?? { lost: 0, serving: 0 }
    zones.set(instance.zone ?? '', zone)
    if (isServing(instance)) zone.serving += 1
    else if (readiness.get(instance.id)?.everServed && instance.health !== 'draining' && instance.health !== 'unused')
      zone.lost += 1
  }
  return new Set([...zones].filter(([, { lost, serving }]) => lost > 1 && serving === 0).map(([name]) => name))
}

/** What the platform has refused for longer than an instance may take to become ready. */
function whyStuck(snapshot: RollSnapshot, { instanceTimeoutSeconds }: RollPolicy) {
  const { refusals, hookFailures, nowMs } = snapshot
  const failed = [...hookFailures.values()].find(({ times }) => times >= hookTries)
  if (failed) return { because: failed.reason, isLaunch: false }
  for (const what of ['other', 'launch'] as const) {
    const refusal = refusals[what]
    if (!refusal || nowMs - refusal.sinceMs <= instanceTimeoutSeconds * 1000) continue
    const isLaunch = what === 'launch'
    const heading = isLaunch ? 'no instance could be launched' : 'the platform refuses'
    return { because: `${heading} for ${instanceTimeoutSeconds} s: ${refusal.reason}`, isLaunch }
  }
  return undefined
}

/** Attempts of the `beforeTerminate` hook per instance. */
const hookTries = 3

function whyLate({ phaseStartedMs, nowMs }: RollSnapshot, { timeoutSeconds }: RollPolicy): string | undefined {
  if (nowMs - phaseStartedMs <= timeoutSeconds * 1000) return undefined
  return `not finished after ${secondsSince(phaseStartedMs, nowMs)} s`
}

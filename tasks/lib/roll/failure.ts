import type { Instance } from '../../platforms/platform.ts'
import { secondsSince } from '../clock.ts'
import { type Fleet, isGood, isOlderThan } from './fleet.ts'
import type { RollSnapshot } from './planner.ts'
import type { RollPolicy } from './policy.ts'

/**
 * Why a roll cannot succeed, one line; `undefined` while it can. A machine that dies counts against the image only when this
 * run saw it alive and never proven: one that was proven, or was found dead, was ended by its platform (a spot
 * interruption, a rebooted computer) and is launched again.
 */
export function whyFailed(snapshot: RollSnapshot, fleet: Fleet, policy: RollPolicy): string | undefined {
  const { record, launchFailure, phaseStartedMs, nowMs } = snapshot
  const isOurs = (instance: Instance) => !(record.rollingBack && isOlderThan(record, instance))
  for (const instance of fleet.wanted.filter(isOurs)) {
    const reason = instanceFailure(snapshot, instance, policy)
    if (reason) return reason
  }
  const suspect = fleet.dead.find((instance) => !isOlderThan(record, instance) && diedUnproven(snapshot, instance))
  if (suspect) return `${suspect.id} died before it was healthy`
  if (launchFailure && nowMs - launchFailure.sinceMs > policy.instanceTimeoutSeconds * 1000) {
    return `no instance could be launched for ${policy.instanceTimeoutSeconds} s: ${launchFailure.reason}`
  }
  if (nowMs - phaseStartedMs > policy.timeoutSeconds * 1000) {
    return `not finished after ${secondsSince(phaseStartedMs, nowMs)} s`
  }
  return undefined
}

function instanceFailure({ evidence, record, nowMs }: RollSnapshot, instance: Instance, policy: RollPolicy) {
  const seen = evidence.get(instance.id)
  if (!seen || isGood(instance, seen, record)) return undefined
  if (seen.wrongRelease) return `${instance.id} serves the wrong release: ${seen.reason}`
  const unprovenMs = nowMs - (seen.unprovenSinceMs ?? nowMs)
  if (unprovenMs <= policy.instanceTimeoutSeconds * 1000) return undefined
  return `${instance.id} not healthy after ${Math.round(unprovenMs / 1000)} s: ${seen.reason}`
}

function diedUnproven({ evidence, group }: RollSnapshot, instance: Instance): boolean {
  const seen = evidence.get(instance.id)
  return instance.imageId === group.imageId && seen !== undefined && seen.seenAlive && !seen.everProven
}

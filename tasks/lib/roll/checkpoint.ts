import { counts, type Fleet } from './fleet.ts'
import type { RollPolicy } from './policy.ts'
import type { RollSnapshot, Step } from './snapshot.ts'

/** How far a roll may go for now: at most `atMost` new instances. */
export interface Checkpoint {
  readonly atMost: number
  /** Why no serving instance is drained for now. */
  readonly holds?: string
  /** The step due at the checkpoint itself. */
  readonly step?: Step
  /** Its name in the reasons of steps. */
  readonly name?: string
}

/** The canary, the next pause point, or no checkpoint; never one during a rollback. */
export function checkpointOf(snapshot: RollSnapshot, fleet: Fleet, policy: RollPolicy): Checkpoint {
  const { size } = snapshot.group
  if (snapshot.record.rollingBack) return { atMost: size }
  return canaryCheckpoint(snapshot, fleet, policy) ?? pauseCheckpoint(snapshot, fleet, policy) ?? { atMost: size }
}

/** Canaries are watched only while they are the only new instances; more of them mean that they passed. */
function canaryCheckpoint(snapshot: RollSnapshot, { wanted }: Fleet, policy: RollPolicy): Checkpoint | undefined {
  const { readiness, nowMs, group } = snapshot
  const canaries = Math.min(policy.canary, group.size)
  if (wanted.length > canaries || canaries === 0) return undefined
  const watchedMs = wanted.map(({ id }) => nowMs - (readiness.get(id)?.readySinceMs ?? nowMs))
  const good = wanted.filter((one) => counts(snapshot, one)).length
  const leastMs = Math.min(...watchedMs)
  const neededMs = policy.canaryWatchSeconds * 1000
  const name = 'canary first'
  if (good < canaries) return { atMost: canaries, name }
  if (leastMs >= neededMs) return undefined
  return {
    atMost: canaries,
    name,
    holds: `the canary is watched, ${Math.round(leastMs / 1000)} of ${policy.canaryWatchSeconds} s`,
  }
}

function pauseCheckpoint(snapshot: RollSnapshot, fleet: Fleet, policy: RollPolicy): Checkpoint | undefined {
  const { record, group, nowMs, heldSinceMs } = snapshot
  const isAhead = (point: number) => point > (record.passed ?? 0) && point >= fleet.wanted.length && point < group.size
  const at = policy.pauseAt.find(isAhead)
  if (at === undefined) return undefined
  const checkpoint = { atMost: at, name: `pause at ${at}` }
  const good = fleet.wanted.filter((one) => counts(snapshot, one)).length
  const machines = fleet.wanted.length + fleet.leaving.length
  if (good < at || machines > group.size) return checkpoint
  const because = `${good} of ${group.size} replaced`
  if (policy.pauseSeconds === undefined) return { ...checkpoint, step: { do: 'pause', at, because } }
  if (heldSinceMs === undefined) return { ...checkpoint, step: { do: 'hold', at, because } }
  const heldMs = nowMs - heldSinceMs
  if (heldMs >= policy.pauseSeconds * 1000)
    return { ...checkpoint, step: { do: 'pass', at, because: `held for ${policy.pauseSeconds} s` } }
  return { ...checkpoint, holds: `pause at ${at}, ${Math.round(heldMs / 1000)} of ${policy.pauseSeconds} s` }
}

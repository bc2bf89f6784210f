import type { Instance, RollRecord } from '../../platforms/platform.ts'
import type { Observation } from '../group-watch.ts'
import { whyFailed } from './failure.ts'
import { type Fleet, isGood, isServing, sortFleet } from './fleet.ts'
import type { RollPolicy } from './policy.ts'

/** Everything that a roll decides from. */
export interface RollSnapshot extends Observation {
  readonly record: RollRecord
  /** When this run began, or turned round. */
  readonly phaseStartedMs: number
  /** Since when no instance could be launched, and why. */
  readonly launchFailure?: { readonly sinceMs: number; readonly reason: string } | undefined
}

/**
 * One thing a roll has decided to do. `accept`: a new instance is proven, the hook for it is due. `replace`: a new
 * instance failed where others of its image are proven, it is ended and counted as a setback. `turn round`: the image is
 * at fault. `give up`: the way back failed too. `stop`: the platform, or somebody, is in the way; a person is needed. `hold`
 * begins a pause for its time, `pass` ends it, `pause` ends the run.
 */
export type Step = { readonly because: string } & (
  | { readonly do: 'repair load balancer' | 'turn round' | 'give up' | 'stop' | 'finish' | 'wait' }
  | { readonly do: 'launch'; readonly count: number }
  | { readonly do: 'drain' | 'terminate' | 'accept' | 'replace'; readonly instanceId: string }
  | { readonly do: 'hold' | 'pass' | 'pause'; readonly at: number }
)

/**
 * The next steps of a roll: launch before terminate, in a sliding window of `surge` machines above the group's size. An
 * instance is drained only when `size` others are proven or, on the old image, serving.
 */
export function nextSteps(snapshot: RollSnapshot, policy: RollPolicy): Step[] {
  const { group, record } = snapshot
  if (group.loadBalancer === 'stopped') return [{ do: 'repair load balancer', because: 'it is stopped' }]
  const fleet = sortFleet(snapshot, record)
  const failure = whyFailed(snapshot, fleet, policy)
  if (failure) return [{ do: record.rollingBack ? 'give up' : 'turn round', because: failure }]
  const steps = [...clearDead(fleet), ...removals(snapshot, fleet), ...launches(snapshot, fleet, policy)]
  if (steps.length > 0) return steps
  return isFinished(snapshot, fleet)
    ? [{ do: 'finish', because: `${group.size} of ${group.size} proven` }]
    : [{ do: 'wait', because: whatFor(snapshot, fleet) }]
}

function clearDead({ dead }: Fleet): Step[] {
  return dead.map(({ id }) => ({ do: 'terminate', instanceId: id, because: 'its machine is gone' }))
}

function launches({ group, record, evidence }: RollSnapshot, fleet: Fleet, policy: RollPolicy): Step[] {
  const { wanted, leaving } = fleet
  const room = group.size + policy.surge - wanted.length - leaving.length
  const missing = group.size - wanted.length
  const proven = wanted.filter(({ id }) => evidence.get(id)?.proven).length
  const isCanary = !record.rollingBack && proven < policy.canary
  const count = Math.min(room, missing, isCanary ? policy.canary - wanted.length : missing)
  if (count <= 0) return []
  return [
    { do: 'launch', count, because: `${wanted.length} of ${group.size} wanted${isCanary ? ', canary first' : ''}` },
  ]
}

/** The idle are first in line to leave, so taking only the surplus leaves `size` proven or serving ones behind. */
function removals(snapshot: RollSnapshot, fleet: Fleet): Step[] {
  const { group, evidence, record } = snapshot
  const good = fleet.wanted.filter((instance) => isGood(instance, evidence.get(instance.id), record)).length
  const surplus = Math.max(0, good + fleet.leaving.length - group.size)
  return fleet.leaving.slice(0, surplus).flatMap((instance): Step[] => {
    const { id: instanceId, health } = instance
    if (health === 'draining') return []
    if (health === 'unused') return [{ do: 'terminate', instanceId, because: 'it serves no request any more' }]
    const because = `${why(instance, record)}${isServing(instance) ? '' : ` and ${health}`}; ${good} proven`
    return [{ do: 'drain', instanceId, because }]
  })
}

function why(instance: Instance, { imageId, previousImageId, rollingBack }: RollRecord): string {
  const target = rollingBack ? previousImageId : imageId
  return instance.imageId === target ? 'no longer needed' : `on ${instance.imageId}`
}

function isFinished({ group, evidence, record }: RollSnapshot, { wanted, leaving }: Fleet): boolean {
  const allGood = wanted.every((instance) => isGood(instance, evidence.get(instance.id), record))
  return leaving.length === 0 && wanted.length === group.size && allGood
}

function whatFor({ evidence, record }: RollSnapshot, { wanted, leaving }: Fleet): string {
  const unproven = wanted.find((instance) => !isGood(instance, evidence.get(instance.id), record))
  if (unproven) return `${unproven.id}: ${evidence.get(unproven.id)?.reason ?? 'not healthy yet'}`
  const draining = leaving.find(({ health }) => health === 'draining')
  return draining ? `${draining.id} finishes its requests` : 'capacity is short'
}

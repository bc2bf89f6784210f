import type { Instance, RollRecord } from '../platform.ts'
import { isServing } from '../readiness.ts'
import { type Checkpoint, checkpointOf } from './checkpoint.ts'
import { decideOnFailures, type FailedInstance, giveUpReason } from './failure-policy.ts'
import { counts, type Fleet, sortFleet, targetImageId } from './fleet.ts'
import { floorOf, maximumOf, type RollPolicy } from './policy.ts'
import type { RollSnapshot, Step } from './snapshot.ts'

/** How often a roll resets its image before it stops because somebody else keeps changing it. */
const maxImageChanges = 3

/**
 * The next steps of a roll, from observation and policy alone: launch before terminate, in a sliding window of `surge`
 * machines above the group's size. A serving instance is drained only while others, ready or serving on the old image,
 * hold the floor that the policy promises. Costs n log n.
 */
export function nextSteps(snapshot: RollSnapshot, policy: RollPolicy): Step[] {
  const { group, record } = snapshot
  if (group.loadBalancer === 'stopped') {
    return [giveUpReason(snapshot, policy) ?? { do: 'repair load balancer', because: 'it is stopped' }]
  }
  if (group.imageId !== targetImageId(record)) return [insist(snapshot)]
  const fleet = sortFleet(snapshot, { record, condemned: snapshot.condemned, first: policy.first })
  const decision = decideOnFailures(snapshot, fleet, policy)
  if (decision && decision.do !== 'replace') return [decision]
  // What is replaced leaves after the next look.
  if (decision) return decision.failing.map((one, index) => replacing(one, (record.setbacks ?? 0) + index + 1))
  const checkpoint = checkpointOf(snapshot, fleet, policy)
  const useless = fleet.leaving.filter((one) => isUseless(snapshot, one))
  const staying = { ...fleet, leaving: fleet.leaving.filter((one) => !useless.includes(one)) }
  const leaving = [...useless.map(discard), ...removals(snapshot, staying, policy, checkpoint)]
  const room = leaving.filter((step) => step.do === 'terminate').length
  const steps = [
    ...acceptances(snapshot, fleet),
    ...clearDead(fleet),
    ...leaving,
    ...launches(snapshot, fleet, policy, { checkpoint, room }),
  ]
  if (steps.length > 0) return steps
  if (checkpoint.step) return [checkpoint.step]
  return isFinished(snapshot, fleet)
    ? [{ do: 'finish', because: `${group.size} of ${group.size} ready` }]
    : [{ do: 'wait', because: checkpoint.holds ?? whatFor(snapshot, fleet) }]
}

function replacing({ instance, because }: FailedInstance, setbacks: number): Step {
  return { do: 'replace', instanceId: instance.id, setbacks, because }
}

function insist({ group, record, imageChanges }: RollSnapshot): Step {
  const because = `somebody changed the group's image to ${group.imageId} during the roll to ${targetImageId(record)}`
  return { do: imageChanges < maxImageChanges ? 'set image' : 'stop', because }
}

function acceptances(snapshot: RollSnapshot, { wanted }: Fleet): Step[] {
  const { accepted, readiness, record } = snapshot
  if (!accepted || record.rollingBack) return []
  const due = wanted.filter(({ id }) => readiness.get(id)?.ready && !accepted.has(id))
  return due.map(({ id }) => ({ do: 'accept', instanceId: id, because: 'it is ready' }))
}

function clearDead({ dead }: Fleet): Step[] {
  return dead.map(({ id }) => ({ do: 'terminate', instanceId: id, because: 'its machine is gone' }))
}

/** Failed and serves nothing: it takes a place that its replacement needs. */
function isUseless({ condemned }: RollSnapshot, instance: Instance): boolean {
  return condemned.has(instance.id) && !isServing(instance) && instance.health !== 'draining'
}

function discard({ id: instanceId }: Instance): Step {
  return { do: 'terminate', instanceId, because: 'it failed and serves nothing' }
}

function launches(
  { group, refusals }: RollSnapshot,
  { wanted, leaving }: Fleet,
  policy: RollPolicy,
  { checkpoint, room }: { readonly checkpoint: Checkpoint; readonly room: number },
): Step[] {
  const free = maximumOf(policy, group.size) + room - wanted.length - leaving.length
  // The platform may have capacity for one instance but not for many.
  const count = Math.min(free, checkpoint.atMost - wanted.length, refusals.launch ? 1 : group.size)
  if (count <= 0) return []
  const because = `${wanted.length} of ${group.size} wanted${checkpoint.name === undefined ? '' : `, ${checkpoint.name}`}`
  return [{ do: 'launch', count, because }]
}

/** Idle instances leave first, so taking only the surplus leaves the floor of ready or serving ones. */
function removals(snapshot: RollSnapshot, fleet: Fleet, policy: RollPolicy, checkpoint: Checkpoint): Step[] {
  const { group, record, refusals } = snapshot
  const good = fleet.wanted.filter((instance) => counts(snapshot, instance)).length
  const mayMiss = policy.surge === 0 || refusals.launch ? policy.maxUnavailable : 0
  const floor = floorOf({ maxUnavailable: mayMiss }, group.size)
  // For each new instance that a checkpoint holds back, an old one stays.
  const dispensable = fleet.leaving.length - (group.size - checkpoint.atMost)
  const surplus = Math.max(0, Math.min(good + fleet.leaving.length - floor, dispensable))
  return fleet.leaving.slice(0, surplus).flatMap((instance): Step[] => {
    const { id: instanceId, health } = instance
    if (health === 'draining') return []
    if (health === 'unused') return [{ do: 'terminate', instanceId, because: 'it no longer serves requests' }]
    if (checkpoint.holds !== undefined && isServing(instance)) return []
    const because = `${why(instance, record)}${isServing(instance) ? '' : ` and ${health}`}; ${good} ready`
    return [{ do: 'drain', instanceId, because }]
  })
}

function why(instance: Instance, record: RollRecord): string {
  return instance.imageId === targetImageId(record) ? 'no longer needed' : `on ${instance.imageId}`
}

function isFinished(snapshot: RollSnapshot, { wanted, leaving }: Fleet): boolean {
  const allGood = wanted.every((instance) => counts(snapshot, instance))
  return leaving.length === 0 && wanted.length === snapshot.group.size && allGood
}

function whatFor(snapshot: RollSnapshot, { wanted, leaving }: Fleet): string {
  const unready = wanted.find((instance) => !counts(snapshot, instance))
  if (unready) return `${unready.id}: ${snapshot.readiness.get(unready.id)?.reason ?? 'not healthy yet'}`
  const draining = leaving.find(({ health }) => health === 'draining')
  if (draining) return `${draining.id} is finishing its requests`
  return snapshot.refusals.launch?.reason ?? 'capacity is short'
}

import type { Instance, RollRecord } from '../../platforms/platform.ts'
import type { Evidence } from '../evidence.ts'
import type { Observation } from '../group-watch.ts'

/** The instances of a group as a roll sees them. */
export interface Fleet {
  /** Their machine is gone. */
  readonly dead: readonly Instance[]
  /** On the target image and there to stay; at most `size`. */
  readonly wanted: readonly Instance[]
  /** To be removed, in this order, once that costs no capacity. */
  readonly leaving: readonly Instance[]
}

/** The image that a roll moves the group to now: the new one, or the previous one on its way back. */
export function targetImageId(record: RollRecord): string {
  return record.rollingBack ? record.previousImageId : record.imageId
}

/** Was the instance there before the roll began, so that its faults are none of the roll's? */
export function isOlderThan(record: RollRecord, instance: Instance): boolean {
  return Date.parse(instance.startedAt) < Date.parse(record.startedAt)
}

/** Sorts the instances of a group with a roll under way. */
export function sortFleet({ group, evidence }: Observation, record: RollRecord): Fleet {
  const alive = group.instances.filter((instance) => instance.state !== 'stopped')
  const leastLossFirst = (a: Instance, b: Instance) =>
    dispensability(b, evidence.get(b.id)) - dispensability(a, evidence.get(a.id))
  const fitting = alive
    .filter((instance) => isWanted(instance, record))
    .sort((a, b) => leastLossFirst(a, b) || youngestFirst(a, b))
  const excess = Math.max(0, fitting.length - group.size)
  const outdated = alive.filter((instance) => !isWanted(instance, record))
  return {
    dead: group.instances.filter((instance) => instance.state === 'stopped'),
    wanted: fitting.slice(excess),
    leaving: [...outdated, ...fitting.slice(0, excess)].sort(leastLossFirst),
  }
}

/** Does the instance count as capacity of the target image? One from before the roll needs no new proof on the way back. */
export function isGood(instance: Instance, evidence: Evidence | undefined, record: RollRecord): boolean {
  if (record.rollingBack && isOlderThan(record, instance)) return isServing(instance)
  return evidence?.proven ?? false
}

/** Does the load balancer send it requests that it answers? */
export function isServing(instance: Instance): boolean {
  return instance.state === 'running' && instance.health === 'healthy'
}

function isWanted(instance: Instance, record: RollRecord): boolean {
  if (instance.imageId !== targetImageId(record) || instance.health === 'draining') return false
  if (!isOlderThan(record, instance)) return true
  if (record.rollingBack) return instance.health === 'healthy' || instance.health === 'initial'
  return !record.force
}

/** The higher, the less is lost with it: drained, draining, not serving, serving but unproven, proven. */
function dispensability(instance: Instance, evidence: Evidence | undefined): number {
  if (instance.health === 'unused') return 4
  if (instance.health === 'draining') return 3
  if (!isServing(instance)) return 2
  return evidence?.proven ? 0 : 1
}

function youngestFirst(a: Instance, b: Instance): number {
  return Date.parse(b.startedAt) - Date.parse(a.startedAt)
}

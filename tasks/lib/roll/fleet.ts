import type { Observation } from '../group-watch.ts'
import type { Instance, RollRecord } from '../platform.ts'
import { isServing, type Readiness } from '../readiness.ts'
import { type Leaver, leavingOrder } from './order.ts'
import type { RollSnapshot } from './snapshot.ts'

export interface Fleet {
  /** Their machine is gone. */
  readonly dead: readonly Instance[]
  /** On the target image and there to stay; at most `size`. */
  readonly wanted: readonly Instance[]
  /** To be removed in this order, once that costs no capacity. */
  readonly leaving: readonly Instance[]
}

export interface Sorting {
  readonly record: RollRecord
  /** New instances that failed and must be replaced. */
  readonly condemned: ReadonlySet<string>
  /** Instances that leave first, in this order. */
  readonly first: readonly string[]
}

/** The image that a roll moves the group to now: the new one, or during a rollback the previous one. */
export function targetImageId(record: RollRecord): string {
  return record.rollingBack ? record.previousImageId : record.imageId
}

/** Was the instance there before the roll began? Then its faults are not the roll's. */
export function isOlderThan(record: RollRecord, instance: Instance): boolean {
  return Date.parse(instance.startedAt) < Date.parse(record.startedAt)
}

/** Costs n log n. */
export function sortFleet({ group, readiness }: Observation, sorting: Sorting): Fleet {
  const { record, condemned, first } = sorting
  const begunMs = Date.parse(record.startedAt)
  const dead: Instance[] = []
  const fitting: Leaver[] = []
  const leaving: Leaver[] = []
  for (const instance of group.instances) {
    if (instance.state === 'stopped') {
      dead.push(instance)
      continue
    }
    const isCondemned = condemned.has(instance.id)
    const startedMs = Date.parse(instance.startedAt)
    const serves = isForeign(instance, record, startedMs < begunMs) ? 1.5 : lossWhileServing(judged(instance))
    const loss = lossOf(instance, isCondemned ? 1 : serves)
    const leaver = { instance, loss, startedMs }
    if (!isCondemned && isWanted(instance, record, startedMs < begunMs)) fitting.push(leaver)
    else leaving.push(leaver)
  }
  function judged({ id, imageId }: Instance): Readiness | undefined {
    return imageId === record.imageId ? readiness.get(id) : undefined
  }
  fitting.sort((a, b) => a.loss - b.loss || b.startedMs - a.startedMs)
  const excess = Math.max(0, fitting.length - group.size)
  const wanted = fitting.slice(excess).map(({ instance }) => instance)
  const order = leavingOrder([...leaving, ...fitting.slice(0, excess)], wanted.filter(isServing), first)
  return { dead, wanted, leaving: order }
}

/** Is it on the new image and, with `force`, launched by this roll? */
export function isNew(record: RollRecord, instance: Instance): boolean {
  return instance.imageId === record.imageId && !(record.force && isOlderThan(record, instance))
}

/** Does it count as capacity of the target image, its hook done if there is one? */
export function counts(
  { readiness, record, accepted }: Pick<RollSnapshot, 'readiness' | 'record' | 'accepted'>,
  instance: Instance,
): boolean {
  const isAccepted = record.rollingBack || (accepted?.has(instance.id) ?? true)
  return isAccepted && isGood(instance, readiness.get(instance.id), record)
}

/** During a rollback an instance older than the roll only has to serve; no new readiness is needed. */
export function isGood(instance: Instance, readiness: Readiness | undefined, record: RollRecord): boolean {
  if (record.rollingBack && isOlderThan(record, instance)) return isServing(instance)
  return readiness?.ready ?? false
}

function isWanted(instance: Instance, record: RollRecord, isOlder: boolean): boolean {
  if (instance.imageId !== targetImageId(record) || instance.health === 'draining') return false
  if (!isOlder) return true
  if (record.rollingBack) return instance.health === 'healthy' || instance.health === 'initial'
  return !record.force
}

/** Launched since the roll began, from an image that somebody set meanwhile: nothing has ever shown it ready. */
function isForeign({ imageId }: Instance, record: RollRecord, isOlder: boolean): boolean {
  return !isOlder && imageId !== record.imageId && imageId !== record.previousImageId
}

/** What is lost with it, 0 for nothing: drained, draining, not serving; `serves` when it serves. */
function lossOf(instance: Instance, serves: number): number {
  if (instance.health === 'unused') return 0
  if (instance.health === 'draining') return 0.5
  return isServing(instance) ? serves : 1
}

/** What is lost with a serving instance, more than 1: wrong answers, unready, ready. */
function lossWhileServing(readiness: Readiness | undefined): number {
  if (readiness?.answersWrong) return 1.5
  return readiness?.ready ? 3 : 2
}

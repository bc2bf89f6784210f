import { type GroupWatch, type Observation, watchGroup } from '../group-watch.ts'
import { expectedReleases } from '../in-place.ts'
import type { Group, InPlace, Instance } from '../platform.ts'
import type { Refusal } from '../roll/snapshot.ts'
import type { ReleaseSnapshot } from './planner.ts'
import { contentBefore } from './record.ts'
import type { DeliveryTask } from './task.ts'

interface Held {
  sinceMs: number
  isDelivered: boolean
}

/** What one run of a release knows and does not find in the group. */
export interface ReleaseRun {
  readonly task: DeliveryTask
  /** The verb that it belongs to, for messages. */
  readonly verb: string
  /** As in the group; of a top-up, which writes it at the end only, the finished one. */
  record: InPlace
  /** Brings the release that is in place to those that lack it, and begins none. */
  readonly isTopUp: boolean
  /** The content of the group's image, where it is known. */
  readonly imageContent?: string | undefined
  rollingBack: boolean
  reason?: string
  readonly done: Set<string>
  /** Instances with the release. */
  readonly released: Set<string>
  /** Instances that may not serve what they served before. */
  readonly touched: Set<string>
  readonly inHand: Map<string, Held>
  readonly failures: Map<string, { sinceMs: number; reason: string }>
  readonly lost: Map<string, number>
  refusal: Refusal | undefined
  lastStepMs: number
  watch: GroupWatch
}

export function newRun(
  task: DeliveryTask,
  record: InPlace,
  options: { readonly verb: string; readonly isTopUp: boolean; readonly imageContent?: string | undefined },
): ReleaseRun {
  const run: Omit<ReleaseRun, 'watch'> = {
    ...options,
    task,
    record,
    rollingBack: record.rollingBack ?? false,
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    done: new Set(),
    released: new Set(),
    touched: new Set(),
    inHand: new Map(),
    failures: new Map(),
    lost: new Map(),
    refusal: undefined,
    lastStepMs: task.clock.now(),
  }
  return Object.assign(run, { watch: watchHeld(run) })
}

/** Forgets what it saw before: probes of what an instance served before a delivery prove nothing. */
export function watchHeld(run: Omit<ReleaseRun, 'watch'>): GroupWatch {
  return watchGroup(run.task, {
    probesNeeded: probesNeeded(run),
    choose: ({ instances }) => instances.filter(({ id }) => run.inHand.get(id)?.isDelivered),
    expect: (_, instance) => wantedReleases(run, instance),
  })
}

/** What the instance should serve when it is done. */
export function wantedReleases({ record, rollingBack }: Pick<ReleaseRun, 'record' | 'rollingBack'>, one: Instance) {
  if (!rollingBack) return [record.release]
  return record.before ? expectedReleases({ inPlace: record.before }, one) : [one.release]
}

/** The content that a delivery to this instance replaces. */
export function replacedContent({ isTopUp, record }: ReleaseRun, instance: Instance): string {
  return isTopUp ? instance.imageId : contentBefore(record, instance)
}

/** The release that the instances get or, during a rollback, get back. */
export function releaseName({ record, rollingBack, isTopUp }: ReleaseRun, { instances }: Group): string {
  if (!rollingBack) return record.release
  const ofImage = instances[0]?.release ?? 'what was there'
  return isTopUp ? ofImage : (record.before?.release ?? ofImage)
}

export function snapshotOf(run: ReleaseRun, seen: Observation): ReleaseSnapshot {
  const { rollingBack, done, lost, inHand, failures, refusal, lastStepMs } = run
  const release = releaseName(run, seen.group)
  const memory = { rollingBack, done, lost, inHand, failures, refusal, lastStepMs }
  return { ...seen, ...memory, release, probesNeeded: probesNeeded(run) }
}

function probesNeeded({ task }: Pick<ReleaseRun, 'task'>): number {
  return task.probesNeeded ?? 2
}

/** Notes what happened to the instances since the last look. */
export function noteSeen(run: ReleaseRun, { group, nowMs }: Observation): void {
  const alive = new Map(group.instances.filter(({ state }) => state !== 'stopped').map((one) => [one.id, one]))
  for (const id of run.inHand.keys()) if (!alive.has(id)) run.inHand.delete(id)
  for (const id of run.released) {
    const isUnhealthy = alive.get(id)?.health === 'unhealthy'
    if (!isUnhealthy) run.lost.delete(id)
    else if (!run.lost.has(id)) run.lost.set(id, nowMs)
  }
  // What appears during a rollback has what its image holds.
  if (run.rollingBack) for (const id of alive.keys()) if (!run.touched.has(id)) run.done.add(id)
}

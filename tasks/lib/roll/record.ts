import { OperatorError } from '../errors.ts'
import { servingImageId } from '../image-choice.ts'
import { inPlaceOf } from '../in-place.ts'
import type { Group, Image, RollRecord } from '../platform.ts'
import { isOlderThan } from './fleet.ts'

/**
 * The record of a roll to `imageId`: the unfinished one if it is the same roll, else a new one; `undefined` when every
 * instance already runs the image. What got a release in place is replaced as with `force`: its image does not tell.
 */
export function openRecord(
  group: Group,
  imageId: string,
  { force: forced, isRollback = false }: { readonly force: boolean; readonly isRollback?: boolean | undefined },
  nowMs: number,
): RollRecord | undefined {
  const unfinished = group.roll
  const force = forced || (!unfinished && inPlaceOf(group)?.imageId === imageId)
  if (unfinished?.imageId === imageId && (unfinished.force || !force)) return unfinished
  const outdated = group.instances.some((instance) => instance.imageId !== imageId)
  if (!unfinished && !force && !outdated && group.imageId === imageId) return undefined
  return {
    imageId,
    previousImageId: previousImageOf(group, imageId),
    startedAt: new Date(force ? afterYoungest(group, nowMs) : nowMs).toISOString(),
    force,
    rollingBack: false,
    ...(isRollback ? { isRollback } : {}),
  }
}

/** Without a named image nobody asked for the end of a release in place. */
export function refuseLosingRelease(
  { image: wanted, policy }: { readonly image?: string | undefined; readonly policy: { readonly force: boolean } },
  group: Group,
  { id, release }: Image,
): void {
  const inPlace = inPlaceOf(group)
  if (!inPlace || group.roll || wanted !== undefined || policy.force || inPlace.imageId !== id) return
  throw new OperatorError(
    'refused',
    `${inPlace.release} is in place, and the newest image is still ${id}, which holds ${release}`,
    {
      hint: `npm run bake -- --release ${inPlace.release}, then npm run roll, makes it permanent; npm run roll -- --image ${id} goes back to ${release}`,
    },
  )
}

/** The record once the roll rolls back; its setbacks start again at 0. */
export function rolledBack({ setbacks: _, ...record }: RollRecord, reason: string): RollRecord {
  return { ...record, rollingBack: true, reason }
}

/** Pairs each instance that left between two observations with one that came. */
export function replacedBetween(before: Group, after: Group): { from: string; to: string }[] {
  const idsOf = (group: Group) => group.instances.map(({ id }) => id)
  const gone = idsOf(before).filter((id) => !idsOf(after).includes(id))
  const come = idsOf(after).filter((id) => !idsOf(before).includes(id))
  return gone.flatMap((from, index) => {
    const to = come[index]
    return to === undefined ? [] : [{ from, to }]
  })
}

export function countOutdated(group: Group, record: RollRecord): number {
  const { imageId, force } = record
  return group.instances.filter((one) => one.imageId !== imageId || (force && isOlderThan(record, one))).length
}

function previousImageOf(group: Group, imageId: string): string {
  const unfinished = group.roll
  if (!unfinished) return servingImageId(group, imageId)
  return unfinished.previousImageId === imageId ? unfinished.imageId : unfinished.previousImageId
}

/** By the platform's clock, so that clock differences do not make a new instance look old. */
function afterYoungest(group: Group, nowMs: number): number {
  const startedMs = group.instances.map(({ startedAt }) => Date.parse(startedAt) + 1)
  return startedMs.length > 0 ? Math.max(...startedMs) : nowMs
}

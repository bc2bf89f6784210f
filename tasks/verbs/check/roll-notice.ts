import { inPlaceOf } from '../../lib/in-place.ts'
import type { Group, Image, LockOwner, RollRecord } from '../../lib/platform.ts'

/** What `check` reports of an unfinished roll. */
export interface RollNotice {
  readonly image: string
  readonly from: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** Whether it is in progress right now; else it was paused, stopped or killed. */
  readonly underWay: boolean
}

/** `owner` holds the group's lock. A roll handed to the platform continues without one. */
export function rollNotice(roll: RollRecord, owner: LockOwner | undefined): RollNotice {
  const { imageId: image, previousImageId: from, force } = roll
  const ownedSince = owner?.verb === 'roll' ? owner.since : undefined
  return {
    image,
    from,
    // With force, the record holds the age limit for instances, not when the roll began.
    startedAt: force && ownedSince !== undefined ? ownedSince : roll.startedAt,
    underWay: ownedSince !== undefined || roll.refresh !== undefined,
  }
}

/** `a roll to 1.1.0-ab is under way (since 2026-01-01T00:00:00.000Z)`. */
export function noticeInWords({ image, startedAt, underWay }: RollNotice): string {
  return underWay
    ? `a roll to ${image} is under way (since ${startedAt})`
    : `an unfinished roll to ${image} (since ${startedAt}), npm run roll carries it on`
}

/** What `check` reports of a release in place. */
export interface InPlaceNotice {
  readonly release: string
  /** What the image holds. */
  readonly image: string
  /** ISO 8601, UTC. */
  readonly since: string
  readonly isFinished: boolean
}

export function inPlaceNotice(group: Group): InPlaceNotice | undefined {
  const inPlace = inPlaceOf(group)
  if (!inPlace) return undefined
  const { release, imageId: image, since, upTo } = inPlace
  return { release, image, since, isFinished: upTo !== undefined }
}

/** `1.4.1 is in place, the image is 1.4.0-ab`. */
export function inPlaceInWords({ release, image, since, isFinished }: InPlaceNotice): string {
  return isFinished
    ? `${release} is in place, the image is ${image}`
    : `an unfinished release of ${release} in place (since ${since}), npm run release carries it on`
}

/**
 * The releases that the group may serve now: that of its image, or of both images during an unfinished roll, and what
 * is in place. Instances that Auto Scaling launches serve the image's until `heal`.
 */
export function rightReleases({ imageId, instances, roll, inPlace }: Group, images: readonly Image[]): string[] {
  const ids = roll ? [roll.previousImageId, roll.imageId] : [imageId]
  const found = ids.map((id) => {
    const image = images.find((one) => one.id === id)
    // A removed image is still known from the instances that run it.
    return (image ?? instances.find((one) => one.imageId === id))?.release
  })
  const placed = inPlace ? [inPlace.before?.release, inPlace.release] : []
  return [...new Set([...found, ...placed].filter((release) => release !== undefined))]
}

import type { Group, Image, LockOwner, RollRecord } from '../../lib/platform.ts'

/** What `check` tells of a roll that has begun and is not at its end. */
export interface RollNotice {
  readonly image: string
  readonly from: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** Whether somebody carries it on right now; else it was paused, stopped or killed. */
  readonly underWay: boolean
}

/** The notice of a roll; `owner` is who holds the group's lock. What was handed to the platform goes on without anybody. */
export function rollNotice(roll: RollRecord, owner: LockOwner | undefined): RollNotice {
  const { imageId: image, previousImageId: from, force } = roll
  const ownedSince = owner?.verb === 'roll' ? owner.since : undefined
  return {
    image,
    from,
    // With force the record holds the age that is too old, not the beginning.
    startedAt: force && ownedSince !== undefined ? ownedSince : roll.startedAt,
    underWay: ownedSince !== undefined || roll.refresh !== undefined,
  }
}

/** The notice for people: `a roll to 1.1.0-ab is under way (since 2026-01-01T00:00:00.000Z)`. */
export function noticeInWords({ image, startedAt, underWay }: RollNotice): string {
  return underWay
    ? `a roll to ${image} is under way (since ${startedAt})`
    : `an unfinished roll to ${image} (since ${startedAt}), npm run roll carries it on`
}

/** The releases that the group may serve now: of its image, while a roll is unfinished of both its ends. */
export function rightReleases({ imageId, instances, roll }: Group, images: readonly Image[]): string[] {
  const ids = roll ? [roll.previousImageId, roll.imageId] : [imageId]
  const found = ids.map((id) => {
    const image = images.find((one) => one.id === id)
    // An image that was removed is still known by who runs it.
    return (image ?? instances.find((one) => one.imageId === id))?.release
  })
  return [...new Set(found.filter((release) => release !== undefined))]
}

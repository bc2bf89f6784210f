import { OperatorError } from './errors.ts'
import type { Group, Image } from './platform.ts'

/**
 * Resolves `wanted`: an image id, else the newest verified image of that release. Without `wanted`: the image of an
 * unfinished roll, else the group's own while some instances do not run it yet, else the newest verified. `images` are
 * newest first; those of other services than `service` do not count. Throws a usage error that lists the verified
 * images, and refuses a group that runs another service.
 */
export function resolveImage(
  all: readonly Image[],
  wanted: string | undefined,
  group?: Group,
  service?: string,
): Image {
  refuseOtherService(all, group, service)
  const images = imagesOf(service, all)
  const name = wanted ?? group?.roll?.imageId ?? awaitedImageId(group)
  if (name === undefined) {
    const newest = images.find((image) => image.verified)
    if (newest) return newest
    throw new OperatorError('usage', noImageYet(all, service), { hint: 'npm run bake' })
  }
  const byId = all.find((image) => image.id === name)
  if (byId && isOther(byId, service)) {
    throw new OperatorError('usage', `image ${name} is of the service ${byId.service}, not of ${service}`, {
      hint: verifiedHint(images),
    })
  }
  const ofRelease = images.filter((image) => image.release === name)
  const found = byId ?? ofRelease.find((image) => image.verified) ?? ofRelease[0]
  if (!found) throw new OperatorError('usage', `no image or release "${name}"`, { hint: verifiedHint(images) })
  if (!found.verified) {
    throw new OperatorError('usage', `image ${found.id} is not verified`, { hint: verifiedHint(images) })
  }
  return found
}

/** Without a service: all. */
export function imagesOf<T extends Image>(service: string | undefined, images: readonly T[]): T[] {
  return images.filter((image) => !isOther(image, service))
}

/** Refuses to put the project's service in the place of another one. */
export function refuseOtherService(images: readonly Image[], group: Group | undefined, service?: string): void {
  const current = images.find(({ id }) => id === group?.imageId)
  if (group === undefined || current === undefined || !isOther(current, service)) return
  throw new OperatorError('refused', `the group ${group.name} runs the service ${current.service}, not ${service}`, {
    hint: `--group NAME says which group is meant; service.name '${current.service}' in the configuration makes it this project's`,
  })
}

function isOther(image: Image, service: string | undefined): boolean {
  return image.service !== undefined && service !== undefined && image.service !== service
}

function noImageYet(all: readonly Image[], service: string | undefined): string {
  const others = [...new Set(all.map((image) => image.service))].filter((name) => name !== undefined)
  const beside = others.length === 0 ? '' : ` of the service ${service}; there are some of ${others.join(', ')}`
  return `there is no verified image yet${beside}`
}

/**
 * Where `rollback` goes: to the image that served before, or the origin of an unfinished roll; an unfinished rollback
 * is continued.
 */
export function rollbackImageId({ name, roll, previousImageId }: Group): string {
  const imageId = roll?.isRollback ? roll.imageId : (roll?.previousImageId ?? previousImageId)
  if (imageId !== undefined) return imageId
  throw new OperatorError('refused', `group ${name} has no previous image to roll back to`, {
    hint: 'npm run roll -- --image ID; npm run images lists them',
  })
}

/**
 * The image that serves now, as seen by a roll to `wantedId`: the most common of the other instances (stopped ones
 * count only when no others are left), else the group's own.
 */
export function servingImageId(group: Group, wantedId: string): string {
  const others = group.instances.filter(({ imageId }) => imageId !== wantedId)
  const alive = others.filter(({ state }) => state !== 'stopped')
  return mostCommonImageId(alive) ?? mostCommonImageId(others) ?? group.imageId
}

function mostCommonImageId(instances: Group['instances']): string | undefined {
  const counts = new Map<string, number>()
  for (const { imageId } of instances) counts.set(imageId, (counts.get(imageId) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0]
}

function awaitedImageId(group: Group | undefined): string | undefined {
  return group?.instances.some((instance) => instance.imageId !== group.imageId) ? group.imageId : undefined
}

function verifiedHint(images: readonly Image[]): string {
  const verified = images.filter((image) => image.verified).map((image) => `${image.id} (${image.release})`)
  return verified.length > 0 ? `verified: ${verified.join(', ')}` : 'there is no verified image yet: npm run bake'
}

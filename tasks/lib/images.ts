import type { Group, Image } from './platform.ts'

export interface ImageUse extends Image {
  /** Some group wants it. */
  readonly current: boolean
  /** Why it must stay, one phrase per use; empty when unused. */
  readonly usedBy: readonly string[]
}

/** In the order of `images`. */
export function usedBy(images: readonly Image[], groups: readonly Group[]): ImageUse[] {
  return images.map((image) => ({
    ...image,
    current: groups.some((group) => group.imageId === image.id),
    usedBy: groups.flatMap((group) => usesInGroup(image.id, group)),
  }))
}

/**
 * Unused images of a service beyond the newest `keep` verified ones. `images` are newest first. An unverified image younger than
 * every verified one stays: a bake may be making it.
 */
export function retirable(images: readonly Image[], keep: number, groups: readonly Group[]): Image[] {
  const verified = images.filter((image) => image.verified)
  const kept = new Set(verified.slice(0, keep).map((image) => image.id))
  const newestVerified = verified[0]
  const candidates = newestVerified ? images.slice(images.indexOf(newestVerified)) : []
  return candidates.filter(
    (image) => !kept.has(image.id) && groups.every((group) => usesInGroup(image.id, group).length === 0),
  )
}

function usesInGroup(imageId: string, group: Group): string[] {
  const uses: string[] = []
  if (group.imageId === imageId) uses.push(`${group.name}: wanted image`)
  if (group.previousImageId === imageId) uses.push(`${group.name}: rollback target`)
  if (group.roll?.imageId === imageId) uses.push(`${group.name}: roll under way`)
  if (group.roll?.previousImageId === imageId) uses.push(`${group.name}: rollback of the roll`)
  for (const instance of group.instances) {
    if (instance.imageId === imageId) uses.push(`${group.name}: instance ${instance.id}`)
  }
  return uses
}

import { count } from '../count.ts'

export interface Removal {
  readonly group?: { readonly name: string; readonly instances: number } | undefined
  /** Secrets that the group has a value for. */
  readonly secrets?: number
  /** What is left of a group that is too broken to read. */
  readonly leftovers: readonly string[]
  readonly images: number
  /** Base layers that no other image needs. */
  readonly bases: number
  /** Other things that nothing needs, in words. */
  readonly others: readonly string[]
}

/** `group timeapp with 2 instances, 1 secret, 2 images and their base layer`; undefined when there is nothing to remove. */
export function removalWords({ group, secrets = 0, leftovers, images, bases, others }: Removal): string | undefined {
  const ofGroup = group
    ? [
        `group ${group.name} with ${count(group.instances, 'instance')}`,
        ...(secrets > 0 ? [count(secrets, 'secret')] : []),
      ]
    : leftovers
  const owner = images === 0 ? '' : images === 1 ? 'its ' : 'their '
  const things = [
    ...ofGroup,
    ...(images > 0 ? [count(images, 'image')] : []),
    ...(bases > 0 ? [bases === 1 ? `${owner}base layer` : `${bases} base layers`] : []),
    ...others,
  ]
  const last = things.at(-1)
  return things.length < 2 ? last : `${things.slice(0, -1).join(', ')} and ${last}`
}

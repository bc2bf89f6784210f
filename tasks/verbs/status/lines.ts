import { fitted } from '../../../checker/formatters/wrapping.ts'
import { hasInPlace, inPlaceOf, recordedRelease } from '../../lib/in-place.ts'
import type { Group, Instance, LockOwner } from '../../lib/platform.ts'
import { listing } from '../../terminal/listing.ts'

/** What is shown besides the group itself. */
export interface Surrounding {
  readonly busy?: LockOwner | undefined
  /** Changes made by other means than bakeroll; undefined: not checked. */
  readonly drifted?: readonly string[] | undefined
}

/** The group for people, wrapped to `columns`. */
export function statusLines(group: Group, { busy, drifted }: Surrounding, columns?: number): string[] {
  const drift =
    drifted === undefined ? [] : drifted.length > 0 ? ['changed outside bakeroll:', ...drifted] : ['no drift']
  const aside = (group.aside ?? []).map(({ id, because }) => `${id} is ${because}, and left alone`)
  return [
    ...fitted(
      [
        headLine(group, busy !== undefined),
        ...inPlaceLines(group, busy !== undefined),
        ...(busy ? [`${busy.verb} is under way (${busy.owner})`] : []),
      ],
      columns,
    ),
    instanceTable(group, columns),
    ...fitted([...(busy ? [] : (group.notes ?? [])), ...aside, ...drift], columns),
  ]
}

/** `release` is what the instance serves, in place or by its image. */
export function instanceFacts(group: Group, instance: Instance) {
  const { id, imageId, state, health, startedAt } = instance
  const release = recordedRelease(group, instance)
  return { id, release, image: imageId, imageId, state, health, address: new URL(instance.url).host, startedAt }
}

function headLine({ name, url, imageId, size, loadBalancer, roll }: Group, isBusy: boolean): string {
  const unfinished = roll && !isBusy ? `; an unfinished roll to ${roll.imageId}: npm run roll carries it on` : ''
  return `${name}  ${url}  image ${imageId}  size ${size}  load balancer ${loadBalancer}${unfinished}`
}

/** `1.4.1 in place, image 1.4.0`. */
function inPlaceLines(group: Group, isBusy: boolean): string[] {
  const inPlace = inPlaceOf(group)
  if (!inPlace) return []
  const ofImage = group.instances.find(({ imageId }) => imageId === inPlace.imageId)?.release ?? inPlace.imageId
  const { release, upTo } = inPlace
  if (upTo === undefined) {
    return isBusy
      ? []
      : [`an unfinished release of ${release} in place, image ${ofImage}: npm run release carries it on`]
  }
  const lacking = group.instances.filter((one) => one.imageId === inPlace.imageId && !hasInPlace(inPlace, one))
  const without = lacking.length > 0 ? `; not on ${lacking.map(({ id }) => id).join(', ')}: npm run heal` : ''
  return [`${release} in place, image ${ofImage}${without}`]
}

function instanceTable(group: Group, columns: number | undefined): string {
  if (group.instances.length === 0) return 'no instances'
  const rows = group.instances.map((instance) => {
    const { id, release, imageId, state, health, address, startedAt } = instanceFacts(group, instance)
    const outdated = imageId === group.imageId ? '' : ' (outdated)'
    return [id, `${release}${outdated}`, imageId, state, health, address, age(startedAt)]
  })
  // The release already identifies the image, and the line above names the group's.
  const heads = ['INSTANCE', 'RELEASE', 'IMAGE', 'STATE', 'HEALTH', 'ADDRESS', 'AGE']
  return listing({ heads, rows, dispensable: ['IMAGE'] }, columns)
}

function age(startedAt: string): string {
  const minutes = Math.floor((Date.now() - Date.parse(startedAt)) / 60_000)
  if (minutes < 60) return `${minutes} min`
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} d`
}

import type { Group, InPlace, Instance } from './platform.ts'
import type { Probe, ProbeResult } from './readiness.ts'

/** The release in place on the instances of the group's image; undefined also when the group went to another image since. */
export function inPlaceOf({ inPlace, imageId }: Pick<Group, 'inPlace' | 'imageId'>): InPlace | undefined {
  return inPlace?.imageId === imageId ? inPlace : undefined
}

/** Whether the instance has it for sure; after a killed run, others may have it too. */
export function hasInPlace(inPlace: InPlace | undefined, { imageId, startedAt }: Instance): boolean {
  if (inPlace?.upTo === undefined || imageId !== inPlace.imageId) return false
  return Date.parse(startedAt) <= Date.parse(inPlace.upTo)
}

/** The release that the group's record says the instance serves: in place or, by default, its image's. */
export function recordedRelease({ inPlace }: Pick<Group, 'inPlace'>, instance: Instance): string {
  const sure = inPlace?.upTo === undefined ? inPlace?.before : inPlace
  return hasInPlace(sure, instance) && sure ? sure.release : instance.release
}

/** What the instance may serve, what it should serve first; several while a release is unfinished, or has not reached it. */
export function expectedReleases({ inPlace }: Pick<Group, 'inPlace'>, instance: Instance): string[] {
  if (!inPlace || instance.imageId !== inPlace.imageId) return [instance.release]
  if (hasInPlace(inPlace, instance)) return [inPlace.release]
  const { release, before } = inPlace
  return [...new Set([release, ...(before ? expectedReleases({ inPlace: before }, instance) : [instance.release])])]
}

/** Instances that run and do not have the release that is in place, launched since by the platform or by a verb. */
export function lackingInPlace(group: Group): Instance[] {
  const inPlace = inPlaceOf(group)
  if (inPlace?.upTo === undefined) return []
  const ofImage = group.instances.filter(({ imageId, state }) => imageId === inPlace.imageId && state !== 'stopped')
  return ofImage.filter((one) => !hasInPlace(inPlace, one))
}

/** Probes for each release in turn, until one is not the wrong one; the reason is that of the first. */
export async function probeFor(
  probe: Probe,
  instance: Instance,
  releases: readonly string[],
): Promise<{ readonly release: string; readonly result: ProbeResult }> {
  const [release = instance.release, ...others] = releases
  const result = await probe(instance, release)
  if (result.versionOk !== false) return { release, result }
  for (const other of others) {
    const found = await probe(instance, other)
    if (found.versionOk !== false) return { release: other, result: found }
  }
  return { release, result }
}

import { hasInPlace, inPlaceOf } from '../in-place.ts'
import type { Group, InPlace, Instance } from '../platform.ts'
import type { Content } from './task.ts'

export interface Opening {
  readonly imageContent?: string | undefined
  readonly force?: boolean | undefined
  readonly nowMs: number
}

/**
 * The record of a release of `wanted`: the unfinished one if it is the same, also while it rolls back, else a new one;
 * undefined when every instance has it.
 */
export function openInPlace(
  group: Group,
  { release, content }: Content,
  { imageContent, force = false, nowMs }: Opening,
): InPlace | undefined {
  const found = inPlaceOf(group)
  if (found && found.upTo === undefined && found.content === content) return found
  if (!force && found?.content === content && group.instances.every((one) => hasInPlace(found, one))) return undefined
  if (!force && !found && isOfImage(group, { release, content }, imageContent)) return undefined
  const before = found?.upTo === undefined ? found?.before : found
  const since = new Date(nowMs).toISOString()
  return { release, content, since, imageId: group.imageId, ...(before ? { before } : {}) }
}

/** What the record becomes when every instance that is `reached` has the release; null: it is the image's own. */
export function finishedInPlace(
  { release, content, since, imageId }: InPlace,
  { instances }: Group,
  reached: ReadonlySet<string>,
  imageContent: string | undefined,
): InPlace | null {
  if (content === imageContent) return null
  return { release, content, since, imageId, upTo: new Date(lastReachedMs(instances, reached)).toISOString() }
}

/** What the instance has when a release begins: the content in place, or its image. */
export function contentBefore({ before }: InPlace, instance: Instance): string {
  return before && hasInPlace(before, instance) ? before.content : instance.imageId
}

/** The latest launch up to which every instance has it. */
function lastReachedMs(instances: readonly Instance[], reached: ReadonlySet<string>): number {
  const startedMs = (one: Instance) => Date.parse(one.startedAt)
  const missed = instances.filter(({ id, state }) => !reached.has(id) && state !== 'stopped').map(startedMs)
  const have = instances.filter(({ id }) => reached.has(id)).map(startedMs)
  return Math.min(Math.max(0, ...have), ...missed.map((ms) => ms - 1))
}

function isOfImage({ instances }: Group, { release, content }: Content, imageContent: string | undefined): boolean {
  if (imageContent !== undefined) return content === imageContent
  return instances.every((one) => one.release === release)
}

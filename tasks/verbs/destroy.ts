import { destroyGroup, groupToRemove } from '../lib/deploy/destroy.ts'
import { removalWords } from '../lib/deploy/removal-words.ts'
import { imagesOf } from '../lib/image-choice.ts'
import { usedBy } from '../lib/images.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** Removes the group, with --images also the images that no other group needs, and checks that nothing is left. */
export default async function destroy(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal, confirm } = context
  const { platform, secrets, groups, basesOnlyOf, superseded, limits } = await openPlatform(context)
  const [group, there] = [await groupToRemove(platform), await platform.leftovers()]
  const images = settings.destroy.images ? imagesOf(platform.service, await platform.images()) : []
  if (settings.platform === 'aws') for (const one of there) progress.event(`to remove: ${one}`)
  const isBroken = group === undefined && there.length > 0
  const others = images.length === 0 || isBroken ? [] : (await groups()).filter(({ name }) => name !== group?.name)
  const unneeded = usedBy(images, others).filter((image) => image.usedBy.length === 0)
  const bases = (await basesOnlyOf?.(unneeded.map(({ id }) => id))) ?? []
  const beside = settings.destroy.images
    ? ((await superseded?.()) ?? [])
        .map(({ what }) => what)
        .filter((what) => !bases.some((base) => what.endsWith(base)))
    : []
  const words = removalWords({
    group: group && { name: group.name, instances: group.instances.length },
    secrets: (await secrets.list()).length,
    leftovers: there,
    images: unneeded.length,
    bases: bases.length,
    others: beside,
  })
  if (words) {
    await confirm(`Remove ${words}?`)
    progress.event(`removing ${words}`)
  }

  const { removed, left } = await destroyGroup({
    platform,
    clock,
    progress,
    signal,
    timeoutSeconds: limits().removalSeconds * (1 + (group?.instances.length ?? 0) / 2),
  })
  const gone = [...removed]
  for (const { id } of usedBy(images, await groups()).filter((image) => image.usedBy.length === 0)) {
    await platform.removeImage(id)
    gone.push(id)
  }
  gone.push(...bases.map((base) => `base layer ${base}`))
  for (const { what, remove } of settings.destroy.images ? ((await superseded?.()) ?? []) : []) {
    await remove()
    gone.push(what)
  }
  const line =
    left.length > 0
      ? `still there: ${left.join(', ')}`
      : gone.length > 0
        ? `removed ${gone.join(', ')}`
        : 'nothing to remove'
  return { line, facts: { removed: gone, left }, exitCode: left.length > 0 ? 5 : 0 }
}

import { count } from '../lib/count.ts'
import { imagesOf } from '../lib/image-choice.ts'
import { retirable, usedBy } from '../lib/images.ts'
import { openPlatform } from '../platforms/open.ts'
import { listing } from '../terminal/listing.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** Lists the images and what uses them; --retire first removes those that nothing needs. */
export default async function images(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, confirm } = context
  const { platform, groups, superseded } = await openPlatform(context)
  if (settings.images.retire) {
    const own = imagesOf(platform.service, await platform.images())
    const going = retirable(own, settings.images.keep, await groups()).map(({ id }) => id)
    const beside = (await superseded?.()) ?? []
    const all = [...going, ...beside.map(({ what }) => what)]
    if (settings.dryRun) return retirePlan(going, all)
    if (all.length > 0) await confirm(`Remove ${all.join(', ')}?`)
    for (const id of going) {
      await platform.removeImage(id)
      progress.event(`removed image ${id}`)
    }
    for (const { what, remove } of beside) {
      await remove()
      progress.event(`removed ${what}`)
    }
  }
  const listed = usedBy(await platform.images(), await groups()).map(
    ({ id, release, service, createdAt, verified, current, usedBy }) => {
      return { id, release, service, createdAt, verified, current, usedBy }
    },
  )
  const areSeveral = new Set(listed.map(({ service }) => service)).size > 1
  const ofService = (word: string) => (areSeveral ? [word] : [])
  const rows = listed.map(({ id, release, service, createdAt, verified, usedBy }) => {
    const created = createdAt.slice(0, 16).replace('T', ' ')
    return [id, release, ...ofService(service ?? '-'), created, verified ? 'yes' : 'no', usedBy.join(', ') || '-']
  })
  const heads = ['IMAGE', 'RELEASE', ...ofService('SERVICE'), 'CREATED (UTC)', 'VERIFIED', 'USED BY']
  return {
    line: count(listed.length, 'image'),
    output: rows.length === 0 ? 'no images; npm run bake makes one' : listing({ heads, rows }),
    facts: { images: listed },
  }
}

function retirePlan(retirable: readonly string[], all: readonly string[]): TaskResult {
  const superseded = all.slice(retirable.length)
  return {
    line: all.length > 0 ? `would remove ${all.join(', ')}` : 'nothing to remove',
    facts: { retirable, ...(superseded.length > 0 ? { superseded } : {}) },
  }
}

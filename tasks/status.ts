import { whereIn } from './lib/no-group.ts'
import { type OpenPlatform, openPlatform } from './open-platform.ts'
import type { Group, Instance } from './platforms/platform.ts'
import { fitted, listing } from './terminal/listing.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** The group as it is now. */
export default async function status(context: TaskContext): Promise<TaskResult> {
  const { settings } = context
  const opened = await openPlatform(context)
  const { platform, drift } = opened
  const group = await platform.group()
  if (group === undefined) return noGroup(settings.group, opened)
  const { instances, ...rest } = group
  const busy = await platform.lockOwner()
  const drifted = settings.status.drift ? await (drift?.() ?? []) : undefined
  return {
    line: '',
    output: [
      ...fitted([headLine(group, busy !== undefined), ...(busy ? [`${busy.verb} is under way (${busy.owner})`] : [])]),
      instanceTable(group),
      ...fitted([
        ...(busy ? [] : (group.notes ?? [])),
        ...(group.aside ?? []).map(({ id, because }) => `${id} is ${because}, and left alone`),
        ...(drifted === undefined ? [] : drifted.length > 0 ? ['changed behind its back:', ...drifted] : ['no drift']),
      ]),
    ].join('\n'),
    facts: {
      group: { ...rest, lock: busy ?? null },
      instances: instances.map(instanceFacts),
      ...(drifted === undefined ? {} : { drift: drifted }),
    },
  }
}

async function noGroup(name: string, { platform, absence }: OpenPlatform): Promise<TaskResult> {
  const notes = (await absence?.()) ?? []
  const why = notes.length > 0 ? `: ${notes.join('; ')}` : '; npm run deploy makes it'
  return {
    line: `there is no group ${name}${whereIn(platform)}${why}`,
    facts: { group: null, instances: [], ...(notes.length > 0 ? { notes } : {}) },
  }
}

function headLine({ name, url, imageId, size, loadBalancer, roll }: Group, isBusy: boolean): string {
  const unfinished = roll && !isBusy ? `; an unfinished roll to ${roll.imageId}: npm run roll carries it on` : ''
  return `${name}  ${url}  image ${imageId}  size ${size}  load balancer ${loadBalancer}${unfinished}`
}

function instanceTable(group: Group): string {
  if (group.instances.length === 0) return 'no instances'
  const rows = group.instances.map((instance) => {
    const { id, release, imageId, state, health, address, startedAt } = instanceFacts(instance)
    const outdated = imageId === group.imageId ? '' : ' (outdated)'
    return [id, `${release}${outdated}`, imageId, state, health, address, age(startedAt)]
  })
  // The release says which image it is, and the line above names the group's.
  const heads = ['INSTANCE', 'RELEASE', 'IMAGE', 'STATE', 'HEALTH', 'ADDRESS', 'AGE']
  return listing({ heads, rows, dispensable: ['IMAGE'] })
}

function instanceFacts(instance: Instance) {
  const { id, release, imageId, state, health, startedAt } = instance
  return { id, release, image: imageId, imageId, state, health, address: new URL(instance.url).host, startedAt }
}

function age(startedAt: string): string {
  const minutes = Math.floor((Date.now() - Date.parse(startedAt)) / 60_000)
  if (minutes < 60) return `${minutes} min`
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} d`
}

import { whereIn } from '../lib/no-group.ts'
import { openPlatform } from '../platforms/open.ts'
import type { OpenPlatform } from '../platforms/open-platform.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { instanceFacts, statusLines } from './status/lines.ts'

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
    output: statusLines(group, { busy, drifted }).join('\n'),
    facts: {
      group: { ...rest, lock: busy ?? null },
      instances: instances.map((one) => instanceFacts(group, one)),
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

import { scaleGroup } from './lib/deploy.ts'
import { count } from './lib/words.ts'
import { clock, openPlatform } from './platforms/open.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'
import { probeInstance } from './tools/probe.ts'

/** Changes the size of the group. */
export default async function scale({ settings, progress, signal }: TaskContext): Promise<TaskResult> {
  const { platform, instanceTimeoutSeconds } = openPlatform(settings)
  const { size } = settings
  const task = { platform, size, instanceTimeoutSeconds, probe: probeInstance, clock, progress, signal }
  const { outcome, size: now } = await scaleGroup(task)
  return { line: `${outcome}: ${count(now, 'instance')}`, facts: { outcome, size: now } }
}

import { scaleGroup } from './lib/deploy.ts'
import { count } from './lib/words.ts'
import { clock, openPlatform, probe } from './open-platform.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Changes the size of the group. */
export default async function scale({ settings, progress, signal }: TaskContext): Promise<TaskResult> {
  const { platform, instanceTimeoutSeconds } = openPlatform(settings)
  const { size = 0 } = settings
  const task = { platform, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  const { outcome, size: now } = await scaleGroup(task)
  return { line: `${outcome}: ${count(now, 'instance')}`, facts: { outcome, size: now } }
}

import { rollGroup } from './lib/roll.ts'
import { openRoll, rollResult } from './roll-task.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Replaces the instances that do not run the wanted image. */
export default async function roll(context: TaskContext): Promise<TaskResult> {
  return rollResult(await rollGroup({ ...(await openRoll(context)), image: context.settings.wantedImage }))
}

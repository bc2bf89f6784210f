import { rollbackGroup } from './lib/roll.ts'
import { openRoll, rollResult } from './roll-task.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Rolls to the image that served before. */
export default async function rollback(context: TaskContext): Promise<TaskResult> {
  return rollResult(await rollbackGroup(await openRoll(context)))
}

import { refreshBack } from '../lib/refresh/refresh.ts'
import { rollbackGroup } from '../lib/roll/roll.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { openRoll, rollResult } from './roll/open-roll.ts'

/** Rolls to the image that served before. */
export default async function rollback(context: TaskContext): Promise<TaskResult> {
  const { task, engine, report } = await openRoll(context)
  return report.keep(async () =>
    rollResult(await (engine === 'refresh' ? refreshBack(task) : rollbackGroup(task)), 'rollback'),
  )
}

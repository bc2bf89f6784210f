import { refreshGroup } from '../lib/refresh/refresh.ts'
import { asRollback, rollGroup } from '../lib/roll/roll.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { openRoll, rollResult } from './roll/open-roll.ts'

export default async function rollback(context: TaskContext): Promise<TaskResult> {
  const { task, engine, report } = await openRoll(context)
  return report.keep(async () => {
    const back = await asRollback(task)
    return rollResult(await (engine === 'refresh' ? refreshGroup(back) : rollGroup(back)), 'rollback')
  })
}

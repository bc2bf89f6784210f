import { refreshGroup } from '../lib/refresh/refresh.ts'
import { rollGroup } from '../lib/roll/roll.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { openRoll, rollResult } from './roll/open-roll.ts'

/** Replaces the instances that do not run the wanted image. */
export default async function roll(context: TaskContext): Promise<TaskResult> {
  const { task, engine, report } = await openRoll(context)
  const wanted = { ...task, image: context.settings.wantedImage }
  return report.keep(async () =>
    rollResult(await (engine === 'refresh' ? refreshGroup(wanted) : rollGroup(wanted)), 'roll'),
  )
}

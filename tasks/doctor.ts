import { openPlatform } from './open-platform.ts'
import { examineComputer } from './platforms/local/examination.ts'
import { homeAt } from './platforms/local/home.ts'
import { table } from './terminal/table.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Tells whether everything is here that the platform needs, each finding with the command that mends it. */
export default async function doctor({ settings }: TaskContext): Promise<TaskResult> {
  if (settings.platform === 'aws') openPlatform(settings)
  const { port, accelerator, memoryMib } = settings.local
  const findings = await examineComputer({ home: homeAt(settings.home), port, accelerator, memoryMib })
  const isReady = findings.every(({ status }) => status !== 'fail')
  const rows = findings.map(({ name, status, found, hint }) => [status, name, found, hint ?? ''])
  return {
    line: '',
    output: table([['STATUS', 'WHAT', 'FOUND', 'WHAT TO DO'], ...rows]),
    facts: { findings },
    exitCode: isReady ? 0 : 5,
  }
}

import { openPlatform } from './open-platform.ts'
import { table } from './terminal/table.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Tells whether everything is here that the platform needs, each finding with the command that mends it. */
export default async function doctor(context: TaskContext): Promise<TaskResult> {
  const findings = await (await openPlatform(context)).examine()
  const isReady = findings.every(({ status }) => status !== 'fail')
  const rows = findings.map(({ name, status, found, hint }) => [status, name, found, hint ?? ''])
  return {
    line: '',
    output: table([['STATUS', 'WHAT', 'FOUND', 'WHAT TO DO'], ...rows]),
    facts: { findings },
    exitCode: isReady ? 0 : 5,
  }
}

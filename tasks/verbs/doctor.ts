import { openPlatform } from '../platforms/open.ts'
import { listing } from '../terminal/listing.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

export default async function doctor(context: TaskContext): Promise<TaskResult> {
  const findings = await (await openPlatform(context)).examine()
  const isReady = findings.every(({ status }) => status !== 'fail')
  const rows = findings.map(({ name, status, found }) => [status, name, found])
  const below = findings.map(({ hint }) => hint)
  return {
    line: '',
    output: listing({ heads: ['STATUS', 'WHAT', 'FOUND'], rows, below }),
    facts: { findings },
    exitCode: isReady ? 0 : 5,
  }
}

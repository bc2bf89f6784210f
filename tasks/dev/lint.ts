import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'
import { lintGates } from './lint-gates.ts'
import { runGates } from './lint-run.ts'

/** `npm run lint`: every static gate. */
export default async function lint(context: TaskContext): Promise<TaskResult> {
  const { progress, signal } = context
  await installMissing(programsFor('lint'), context)
  const results = await runGates(lintGates, progress, signal)
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
  const passed = results.filter(({ outcome }) => outcome === 'passed').length
  return {
    line: failed.length === 0 ? `${passed} gates passed` : `${failed.join(', ')} failed, ${passed} gates passed`,
    facts: { gates: results.map(({ name, outcome, seconds }) => ({ name, outcome, seconds })) },
    exitCode: failed.length === 0 ? 0 : 1,
  }
}

import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'
import { lintGates } from './lint-gates.ts'
import { runGates } from './lint-run.ts'
import { findSuites } from './tap-run.ts'
import { addTo, prepareSuites, runSuites, type TestRun, testResult } from './test-run.ts'

/**
 * `npm test`: the static gates, each of which counts as one test, then every suite but the long ones. `npm test -- PATH...` runs
 * only the suites at or below the paths, and installs what their files say that they need.
 */
export default async function test(context: TaskContext): Promise<TaskResult> {
  const { positionals, progress, signal } = context
  const suites = await findSuites(positionals)
  await prepareSuites(suites, context)
  const total: TestRun = { passed: 0, failed: 0, skipped: 0, failures: [] }
  if (positionals.length === 0) {
    await installMissing(programsFor('lint'), context)
    for (const { name, outcome } of await runGates(lintGates, progress, signal)) {
      total[outcome === 'nothing' ? 'skipped' : outcome]++
      if (outcome === 'failed') total.failures.push(`lint: ${name}`)
    }
  }
  addTo(total, await runSuites(suites, context))
  return testResult(total)
}

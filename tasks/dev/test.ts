import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'
import { lintGates } from './lint-gates.ts'
import { runGates } from './lint-run.ts'
import { findSuites } from './tap-run.ts'
import { prepareSuites, runSuites, testResult } from './test-run.ts'

/**
 * `npm test`: the static gates, each of which counts as one test, then every suite but the long ones. `npm test -- PATH...` runs
 * only the suites at or below the paths, and installs what their files say that they need.
 */
export default async function test(context: TaskContext): Promise<TaskResult> {
  const { positionals, progress, signal } = context
  const suites = await findSuites(positionals)
  await prepareSuites(suites, context)
  const gates = { passed: 0, failed: 0, skipped: 0 }
  const isWhole = positionals.length === 0
  if (isWhole) await installMissing(programsFor('lint'), context)
  for (const { outcome } of isWhole ? await runGates(lintGates, progress, signal) : []) {
    gates[outcome === 'nothing' ? 'skipped' : outcome]++
  }
  const { passed, failed, skipped } = await runSuites(suites, context)
  return testResult({
    passed: gates.passed + passed,
    failed: gates.failed + failed,
    skipped: gates.skipped + skipped,
  })
}

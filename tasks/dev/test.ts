import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'
import { lintGates } from './lint-gates.ts'
import { runGates } from './lint-run.ts'
import { findSuites } from './tap-run.ts'
import { noTests, prepareSuites, runSuites, type TestRun, testResult } from './test-run.ts'

/**
 * `npm test`: the static gates, each of which counts as one test, and every suite but the long ones. `npm test -- PATH...` runs
 * only the suites at or below the paths, and installs what their files say that they need.
 */
export default async function test(context: TaskContext): Promise<TaskResult> {
  const { positionals } = context
  const suites = await findSuites(positionals)
  await prepareSuites(suites, context)
  const isWhole = positionals.length === 0
  if (isWhole) await installMissing(programsFor('lint'), context)
  return testResult(await runSuites(suites, context, isWhole ? () => countGates(context) : undefined))
}

async function countGates({ progress, signal }: TaskContext): Promise<TestRun> {
  const total = noTests()
  for (const { name, outcome } of await runGates(lintGates, progress, signal)) {
    total[outcome === 'nothing' ? 'skipped' : outcome]++
    if (outcome === 'failed') total.failures.push(`lint: ${name}`)
  }
  return total
}

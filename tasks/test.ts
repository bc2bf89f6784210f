import type { TaskContext, TaskResult } from './terminal/task.ts'
import { removeTestMachines } from './test-machines.ts'
import { lintGates } from './tools/lint-gates.ts'
import { runGates } from './tools/lint-run.ts'
import { mitogenEnvironment } from './tools/mitogen.ts'
import { ensureVenv } from './tools/python-venv.ts'
import { installMissing } from './tools/system-packages.ts'
import type { TestCount } from './tools/tap-report.ts'
import { buildTap, findSuites, runSuite } from './tools/tap-run.ts'

/**
 * `npm test`: the static gates, each of which counts as one test, then every suite. `npm test -- PATH...` runs only the
 * suites at or below the paths; the suites of `checker` need nothing but Node, so they never install anything.
 */
export default async function test(context: TaskContext): Promise<TaskResult> {
  const { positionals, progress, signal } = context
  const suites = await findSuites(positionals)
  const needsPrograms = suites.some(({ files }) => files.some((file) => !file.startsWith('checker/')))
  if (needsPrograms) await installMissing('test', context)
  // Before any test has its time counted, and once for all of them.
  const needs = (word: string) => suites.some(({ files }) => files.some((file) => file.includes(word)))
  const parser = needs('prometheus-parser') ? ['prometheus'] : []
  for (const name of [...(needs('aws') ? ['moto', 'asyncssh'] : []), ...parser])
    await ensureVenv(name, progress, signal)
  if (needsPrograms) await mitogenEnvironment(progress, signal)
  await buildTap(progress, signal)

  const total: TestCount = { passed: 0, failed: 0, skipped: 0 }
  for (const { outcome } of positionals.length === 0 ? await runGates(lintGates, progress, signal) : []) {
    total[outcome === 'nothing' ? 'skipped' : outcome]++
  }
  const removeMachines = suites.some(({ files }) => files.some((file) => file.startsWith('test/machines/')))
    ? () => removeTestMachines(context)
    : async () => {}
  await removeMachines()
  try {
    for (const suite of suites) {
      const { count } = await runSuite(suite, progress, signal)
      for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key]
    }
  } finally {
    await removeMachines()
  }
  return { line: summary(total), facts: { ...total }, exitCode: total.failed === 0 && total.passed > 0 ? 0 : 1 }
}

function summary({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

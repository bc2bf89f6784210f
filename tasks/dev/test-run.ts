import type { TaskContext } from '../terminal/task.ts'
import { mitogenEnvironment } from '../tools/mitogen.ts'
import { ensureVenv } from '../tools/python-venv.ts'
import { installMissing } from '../tools/system-packages.ts'
import { needsOf } from './needs.ts'
import type { TestCount } from './tap-report.ts'
import { runSuite, type Suite } from './tap-run.ts'
import { removeTestMachines } from './test-machines.ts'
import { ensureTestNodes } from './test-nodes.ts'

/** Installs the needs of all suites at once, before any test's time limit starts. */
export async function prepareSuites(suites: readonly Suite[], context: TaskContext): Promise<void> {
  const { progress, signal } = context
  const needs = await needsOf(suites.flatMap(({ files }) => files))
  await installMissing([...needs.programs], context)
  const installations: Promise<unknown>[] = [...needs.environments].map((name) =>
    // Ansible works without Mitogen too.
    name === 'mitogen' ? mitogenEnvironment(progress, signal) : ensureVenv(name, progress, signal),
  )
  if (needs.nodes) installations.push(ensureTestNodes(progress, signal))
  for (const one of await Promise.allSettled(installations)) if (one.status === 'rejected') throw one.reason
}

/** Runs the suites one after another; removes all their machines at the end. */
export async function runSuites(suites: readonly Suite[], context: TaskContext): Promise<TestCount> {
  const { progress, signal } = context
  const total: TestCount = { passed: 0, failed: 0, skipped: 0 }
  const { machines } = await needsOf(suites.flatMap(({ files }) => files))
  const removeMachines = async () => (machines ? removeTestMachines(context) : undefined)
  await removeMachines()
  try {
    for (const suite of suites) {
      const { count } = await runSuite(suite, progress, signal)
      for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key]
    }
  } finally {
    await removeMachines()
  }
  return total
}

export function testResult({ passed, failed, skipped }: TestCount) {
  return {
    line: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    facts: { passed, failed, skipped },
    exitCode: failed === 0 && passed > 0 ? 0 : 1,
  }
}

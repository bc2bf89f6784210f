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

export interface TestRun extends TestCount {
  /** What failed, by name. */
  readonly failures: string[]
}

/** Runs the suites one after another; removes all their machines at the end. */
export async function runSuites(suites: readonly Suite[], context: TaskContext): Promise<TestRun> {
  const { progress, signal } = context
  const total: TestRun = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const { machines } = await needsOf(suites.flatMap(({ files }) => files))
  const removeMachines = async () => (machines ? removeTestMachines(context) : undefined)
  await removeMachines()
  try {
    for (const suite of suites) {
      const { count, failures } = await runSuite(suite, progress, signal)
      addTo(total, { ...count, failures: failures.map(({ name }) => name) })
    }
  } finally {
    await removeMachines()
  }
  return total
}

export function addTo(total: TestRun, { passed, failed, skipped, failures }: TestRun): void {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  total.failures.push(...failures)
}

/** Names what failed once more: its report may be far above. */
export function testResult({ passed, failed, skipped, failures }: TestRun) {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return {
    line: [...failures.map((name) => `failed: ${name}`), counts].join('\n'),
    facts: { passed, failed, skipped, failures },
    exitCode: failed === 0 && passed > 0 ? 0 : 1,
  }
}

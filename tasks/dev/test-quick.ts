import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { findSuites } from './tap-run.ts'
import { prepareSuites, runSuites, testResult } from './test-run.ts'

/** Slow to install, to start or to answer. */
const leftOut = ['machines', '.venv/moto', 'chromium']

/** Random rolls to play; `npm test` plays 300, which takes ten times as long. */
const schedules = '30'

/** `npm run test:quick`: every suite that needs neither machines nor moto nor a browser. */
export default async function testQuick(context: TaskContext): Promise<TaskResult> {
  process.env['BAKEROLL_TEST_SCHEDULES'] ??= schedules
  const suites = await findSuites([], leftOut)
  await prepareSuites(suites, context)
  return testResult(await runSuites(suites, context))
}

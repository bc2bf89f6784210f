import { buildChecker } from '../checker/build.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Bundles what runs without this repository: the checker, as one file for any Node 20 or later. */
export default async function build(_: TaskContext): Promise<TaskResult> {
  const file = await buildChecker()
  return { line: `built ${file}`, facts: { files: [file] } }
}

import { buildChecker, buildLambda } from '../../checker/build.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** Bundles the checker as one file for Node 20 or later, and for AWS Lambda. */
export default async function build(_: TaskContext): Promise<TaskResult> {
  const files = await Promise.all([buildChecker(), buildLambda()])
  return { line: `built ${files.join(' and ')}`, facts: { files } }
}

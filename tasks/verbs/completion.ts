import { OperatorError } from '../lib/errors.ts'
import { completionScript, shells } from '../settings/completion.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** Prints the script that completes verbs, flags and values in a shell. */
export default async function completion({ positionals: [asked] }: TaskContext): Promise<TaskResult> {
  const shell = shells.find((one) => one === asked)
  if (shell === undefined) {
    throw new OperatorError('usage', `<shell>: expected ${shells.join(', ')}, got ${JSON.stringify(asked)}`)
  }
  const script = completionScript(shell)
  return { line: '', output: script.trimEnd(), facts: { shell, script } }
}

import { OperatorError } from '../lib/errors.ts'
import { completionScript, shells } from '../settings/completion.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** `completion SHELL`: what makes a shell complete verbs, flags and values. */
export default async function completion({ positionals: [asked] }: TaskContext): Promise<TaskResult> {
  const shell = shells.find((one) => one === asked)
  if (shell === undefined) {
    throw new OperatorError('usage', `<shell>: expected ${shells.join(', ')}, got ${JSON.stringify(asked)}`)
  }
  const script = completionScript(shell)
  return { line: '', output: script.trimEnd(), facts: { shell, script } }
}

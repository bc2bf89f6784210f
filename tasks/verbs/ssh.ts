import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import { noGroup } from '../lib/no-group.ts'
import { openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** A shell on an instance, or one command, whose output and exit code are passed on. */
export default async function ssh(context: TaskContext): Promise<TaskResult> {
  const { settings, positionals, rest, signal } = context
  const { platform } = await openPlatform(context)
  const group = await platform.group()
  if (!group) throw noGroup(platform)
  const id = settings.instance ?? group.instances.find(({ state }) => state === 'running')?.id
  if (id === undefined) throw new OperatorError('usage', `no instance of ${group.name} runs`, { hint: 'npm run heal' })
  const path = await platform.sshArguments(id)
  const command = [...positionals, ...rest]
  // ssh joins its arguments into one line for the remote shell; each word must arrive unchanged.
  const child = spawn('ssh', command.length > 0 ? [...path, command.map(shellWord).join(' ')] : ['-t', ...path], {
    stdio: 'inherit',
  })
  signal.addEventListener('abort', () => end(child), { once: true })
  const [exitCode] = await once(child, 'close')
  return { line: '', output: '', facts: { instance: id }, exitCode: exitCode ?? 255 }
}

/** Ctrl-C in the terminal reaches ssh directly; a signal to this process alone does not. */
function end(child: ChildProcess): void {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), 5000).unref()
}

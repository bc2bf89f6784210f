import { inTurns } from '../lib/bounded.ts'
import { OperatorError } from '../lib/errors.ts'
import { noGroup } from '../lib/no-group.ts'
import type { Platform } from '../lib/platform.ts'
import { openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { followLogs, readLogs } from '../tools/logs.ts'

/** Prints the logs of the instances, each line prefixed with its instance. */
export default async function logs(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal, print } = context
  const { platform, limits } = await openPlatform(context)
  const wanted = { ...settings.logs, signal, timeoutSeconds: limits().logsSeconds }
  const ids = await instanceIds(platform, settings.instance)
  if (settings.logs.follow) {
    refuseMany(ids)
    await Promise.all(
      ids.map(async (id) => {
        const path = await platform.sshArguments(id).catch(() => undefined)
        if (path) await followLogs(path, wanted, (line) => print(`${id} ${line}`))
      }),
    )
    return { line: '', output: '', facts: {} }
  }
  const lines = await inTurns(ids, 8, async (id) => {
    const path = await platform.sshArguments(id).catch(() => undefined)
    const found = path ? await readLogs(path, wanted).catch(() => undefined) : undefined
    if (found) return found.map((line) => `${id} ${line}`)
    progress.warn(`${id} cannot be reached over SSH; this is its serial console`)
    return consoleLines(await platform.consoleOutput(id), settings.logs.grep).map((line) => `${id} console ${line}`)
  })
  const all = lines.flat()
  return { line: '', output: all.join('\n'), facts: { lines: all } }
}

async function instanceIds(platform: Platform, wanted: string | undefined): Promise<string[]> {
  const group = await platform.group()
  if (!group) throw noGroup(platform)
  const ids = group.instances.map(({ id }) => id)
  if (wanted === undefined || ids.includes(wanted)) return wanted === undefined ? ids : [wanted]
  throw new OperatorError('usage', `there is no instance ${wanted} in group ${group.name}`, { hint: 'npm run status' })
}

/** Each followed instance holds an SSH connection. */
function refuseMany(ids: readonly string[]): void {
  if (ids.length <= 8) return
  throw new OperatorError('usage', `--follow follows at most 8 instances, the group has ${ids.length}`, {
    hint: `npm run logs -- --follow --instance ${ids[0]}`,
  })
}

function consoleLines(text: string, grep: string | undefined): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && (grep === undefined || line.includes(grep)))
}

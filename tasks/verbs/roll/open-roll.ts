import { count } from '../../lib/count.ts'
import { OperatorError } from '../../lib/errors.ts'
import type { Group } from '../../lib/platform.ts'
import { isRefreshing, type RefreshTask } from '../../lib/refresh/refresh.ts'
import type { RollHooks } from '../../lib/roll/hooks.ts'
import type { RollPolicy } from '../../lib/roll/policy.ts'
import type { RollResult } from '../../lib/roll/task.ts'
import { assertSecretsSet } from '../../lib/secrets.ts'
import { refreshProblem } from '../../platforms/aws/group/refresh-preferences.ts'
import { clock, openPlatform } from '../../platforms/open.ts'
import { isInstalled } from '../../settings/own.ts'
import { projectOf } from '../../settings/project.ts'
import { beyondRefresh } from '../../settings/roll-contradictions.ts'
import type { Settings } from '../../settings/settings.ts'
import type { TaskContext, TaskResult } from '../../terminal/task.ts'
import { beforeRollCommand, hookCommand } from '../../tools/hook.ts'
import { rollPolicy } from './policy.ts'
import { openRollReport, type RollReport } from './report.ts'

/** Shared by `roll` and `rollback`. A roll is finished by the engine that began it, whatever the settings say. */
export interface OpenRoll {
  readonly task: Omit<RefreshTask, 'image'>
  readonly engine: 'own' | 'refresh'
  /** Records the roll, if a report was requested. */
  readonly report: RollReport
}

/** Throws a usage error for a policy that this group, or this engine, cannot follow. */
export async function openRoll(context: TaskContext): Promise<OpenRoll> {
  const { settings, progress, signal } = context
  const report = openRollReport(settings.roll.report, progress)
  const { platform, secrets, probe, instanceTimeoutSeconds, limits } = await openPlatform(context)
  // A rollback has the image that served before, whatever the settings say now.
  if (context.verb === 'roll') await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const group = await platform.group()
  const size = group?.size ?? 1
  const terms = { size, force: settings.force, instanceTimeoutSeconds }
  const { canaryGraceSeconds } = limits()
  const policy = { ...rollPolicy(settings.roll, terms), canaryGraceSeconds }
  const engine = isRefreshing(group) ? 'refresh' : settings.roll.engine
  if (engine === 'refresh') refuseBeyondRefresh(settings, policy, size)
  for (const id of unknownIds(policy.first, group))
    progress.warn(`--first: ${id} is not an instance of ${group?.name} now`)
  const task = { platform, policy, probe, clock, progress, signal, dryRun: settings.dryRun }
  return { task: { ...task, hooks: rollHooks(context), onEvent: report.onEvent }, engine, report }
}

/** The result of `roll` or `rollback`; exit code 4 when the group rolled back by itself. */
export function rollResult(result: RollResult, verb: string): TaskResult {
  const { steps = [], ...facts } = result
  const planned = steps.map((step) => `${step.do}${'instanceId' in step ? ` ${step.instanceId}` : ''}: ${step.because}`)
  const replaced = count(result.replaced.length, 'instance')
  const goesBack = verb === 'roll' ? ', npm run rollback goes back' : ''
  const lines = {
    rolled: `rolled ${replaced} to ${result.image} in ${result.seconds} s`,
    unchanged: `unchanged: every instance runs ${result.image}`,
    paused: `paused on the way to ${result.image}, ${replaced} replaced by this run; the same command carries on${goesBack}`,
    'rolled-back': `rolled back to ${result.image}: ${result.reason}`,
    planned: planned.join('\n') || `nothing to do: every instance runs ${result.image}`,
  }
  return {
    line: lines[result.outcome],
    facts: result.outcome === 'planned' ? { ...facts, steps } : { ...facts },
    exitCode: result.outcome === 'rolled-back' ? 4 : 0,
  }
}

/** Only a warning: an interrupted run may have replaced them already. */
function unknownIds(ids: readonly string[], group: Group | undefined): string[] {
  if (!group) return []
  return ids.filter((id) => !group.instances.some((instance) => instance.id === id))
}

function refuseBeyondRefresh(settings: Settings, policy: RollPolicy, size: number): void {
  const problems = beyondRefresh(settings).map(({ problem }) => problem)
  const ofSize = refreshProblem(policy, size)
  if (ofSize !== undefined) problems.push(ofSize)
  if (problems.length === 0) return
  const hint =
    settings.roll.engine === 'refresh'
      ? 'without --engine refresh bakeroll replaces the instances itself'
      : 'the roll under way is an instance refresh, and only an instance refresh carries it on'
  throw new OperatorError('usage', problems.join('\n'), { hint })
}

function rollHooks({ settings, progress, signal }: TaskContext): RollHooks {
  const { beforeRoll, beforeTerminate, afterAccept, hookTimeoutSeconds: timeoutSeconds } = settings.roll
  // Relative paths start where the user stands; the package starts hooks in the project, whatever the folder.
  const stand = process.env['INIT_CWD'] ?? process.cwd()
  const folder = isInstalled ? projectOf(stand) : stand
  const around = { timeoutSeconds, group: settings.group, folder, progress, signal }
  return {
    ...(beforeRoll === undefined
      ? {}
      : { beforeRoll: beforeRollCommand({ name: 'before-roll', command: beforeRoll, ...around }) }),
    ...(beforeTerminate === undefined
      ? {}
      : { beforeTerminate: hookCommand({ name: 'before-terminate', command: beforeTerminate, ...around }) }),
    ...(afterAccept === undefined
      ? {}
      : { afterAccept: hookCommand({ name: 'after-accept', command: afterAccept, ...around }) }),
  }
}

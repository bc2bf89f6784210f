import { resolveCount } from './lib/count.ts'
import { isRefreshing, type RefreshTask } from './lib/refresh/refresh.ts'
import { plainPolicy } from './lib/roll/policy.ts'
import type { RollResult } from './lib/roll/roll.ts'
import { count } from './lib/words.ts'
import { clock, openPlatform } from './open-platform.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** What `roll` and `rollback` work with, and who replaces the instances: what one engine began, only that one carries on. */
export interface OpenRoll {
  readonly task: Omit<RefreshTask, 'image'>
  readonly engine: 'own' | 'refresh'
}

/** Opens a roll as the settings say. */
export async function openRoll(context: TaskContext): Promise<OpenRoll> {
  const { settings, progress, signal } = context
  const { platform, probe, instanceTimeoutSeconds } = await openPlatform(context)
  const group = await platform.group()
  const size = group?.size ?? 1
  const policy = {
    ...plainPolicy,
    surge: resolveCount(settings.roll.batch, size),
    canary: settings.roll.canary === '0' ? 0 : resolveCount(settings.roll.canary, size),
    force: settings.force,
    instanceTimeoutSeconds,
    timeoutSeconds: settings.roll.timeoutSeconds,
  }
  const task = { platform, policy, probe, clock, progress, signal, dryRun: settings.dryRun }
  return { task, engine: isRefreshing(group) ? 'refresh' : settings.roll.engine }
}

/** What `roll` and `rollback` say at their end: 4 when the group went back by itself. */
export function rollResult(result: RollResult): TaskResult {
  const { steps = [], ...facts } = result
  const planned = steps.map((step) => `${step.do}${'instanceId' in step ? ` ${step.instanceId}` : ''}: ${step.because}`)
  const lines = {
    rolled: `rolled ${count(result.replaced.length, 'instance')} to ${result.image} in ${result.seconds} s`,
    unchanged: `unchanged: every instance runs ${result.image}`,
    paused: `paused after ${count(result.replaced.length, 'instance')}; npm run roll carries on, npm run rollback goes back`,
    'rolled-back': `rolled back to ${result.image}: ${result.reason}`,
    planned: planned.join('\n') || `nothing to do: every instance runs ${result.image}`,
  }
  return {
    line: lines[result.outcome],
    facts: result.outcome === 'planned' ? { ...facts, steps } : { ...facts },
    exitCode: result.outcome === 'rolled-back' ? 4 : 0,
  }
}

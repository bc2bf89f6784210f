import { healGroup } from '../lib/heal/heal.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { inspectOver, repairOver } from '../tools/inspection.ts'
import { bringingInPlace } from './bring-in-place.ts'

export default async function heal(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const opened = await openPlatform(context)
  const { platform, probe, instanceTimeoutSeconds, limits } = opened
  const { commandSeconds, repairSeconds, recoverySeconds } = limits()
  const { outcome, instances, loadBalancer, launched } = await healGroup({
    platform,
    probe,
    clock,
    progress,
    signal,
    bringInPlace: bringingInPlace(context, opened, 'heal'),
    inspect: async ({ id }) => {
      const path = await platform.sshArguments(id).catch(() => undefined)
      return path ? inspectOver(path, { timeoutSeconds: commandSeconds, signal }) : { ssh: 'unreachable' }
    },
    repair: async ({ id }, repair) =>
      repairOver(await platform.sshArguments(id), repair, { timeoutSeconds: repairSeconds, signal }),
    policy: {
      maxRepair: settings.heal.maxRepair,
      instance: settings.instance,
      dryRun: settings.dryRun,
      share: 0.5,
      verifySeconds: recoverySeconds,
      sshSeconds: recoverySeconds,
      instanceTimeoutSeconds,
    },
  })
  const sick = instances.filter(({ repairs }) => repairs.length > 0)
  const repaired = sick.map(
    ({ id, repairs }) => `${id}: ${repairs.map(({ repair, result }) => `${repair} ${result}`).join(', ')}`,
  )
  return {
    line: [outcome, ...loadBalancer, ...repaired].join('; '),
    facts: { outcome, instances, loadBalancer, launched },
    exitCode: outcome === 'failed' ? 5 : outcome === 'refused' ? 3 : 0,
  }
}

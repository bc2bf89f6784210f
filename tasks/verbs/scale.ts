import { count } from '../lib/count.ts'
import { deployGroup } from '../lib/deploy/deploy.ts'
import { topUp } from '../lib/release/top-up.ts'
import { assertSecretsSet } from '../lib/secrets.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

export default async function scale(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const { platform, releaseStore, secrets, probe, instanceTimeoutSeconds, limits } = await openPlatform(context)
  await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const { size = 0 } = settings
  const task = { platform, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  const { outcome, size: now } = await deployGroup({
    ...task,
    verb: 'scale',
    bringInPlace: async (content, lacking) => {
      const { reopenDelivery } = await import('../platforms/in-place.ts')
      const delivery = await reopenDelivery({ ...context, platform, releaseStore, limits: limits() }, content)
      return topUp({ ...task, delivery }, 'scale', lacking)
    },
  })
  return { line: `${outcome}: ${count(now, 'instance')}`, facts: { outcome, size: now } }
}

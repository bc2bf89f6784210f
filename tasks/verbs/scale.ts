import { count } from '../lib/count.ts'
import { deployGroup } from '../lib/deploy/deploy.ts'
import { topUp } from '../lib/release/top-up.ts'
import { assertSecretsSet } from '../lib/secrets.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

export default async function scale(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const { platform, secrets, probe, instanceTimeoutSeconds, limits } = await openPlatform(context)
  await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const { size = 0 } = settings
  const task = { platform, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  const { outcome, size: now } = await deployGroup({
    ...task,
    verb: 'scale',
    bringInPlace: async (content, lacking) => {
      const { knownImage, openDelivery } = await import('../platforms/in-place.ts')
      const inPlace = { ...context, platform, limits: limits() }
      const delivery = await openDelivery(inPlace, await knownImage(inPlace, content))
      return topUp({ ...task, delivery }, 'scale', lacking)
    },
  })
  return { line: `${outcome}: ${count(now, 'instance')}`, facts: { outcome, size: now } }
}

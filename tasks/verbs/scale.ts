import { count } from '../lib/count.ts'
import { deployGroup } from '../lib/deploy/deploy.ts'
import type { Content } from '../lib/release/task.ts'
import { assertSecretsSet } from '../lib/secrets.ts'
import { openKnownDelivery } from '../platforms/in-place.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

export default async function scale(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const { platform, secrets, probe, instanceTimeoutSeconds, limits } = await openPlatform(context)
  await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const { size = 0 } = settings
  const openDelivery = (content: Content) => openKnownDelivery({ ...context, platform, limits: limits() }, content)
  const task = { platform, openDelivery, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  const { outcome, size: now } = await deployGroup({ ...task, verb: 'scale' })
  return { line: `${outcome}: ${count(now, 'instance')}`, facts: { outcome, size: now } }
}

import { count } from '../lib/count.ts'
import { deployGroup } from '../lib/deploy/deploy.ts'
import { assertSecretsSet } from '../lib/secrets.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { bringingInPlace } from './bring-in-place.ts'

export default async function scale(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const opened = await openPlatform(context)
  const { platform, secrets, probe, instanceTimeoutSeconds } = opened
  await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const { size = 0 } = settings
  const task = { platform, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  const { outcome, size: now } = await deployGroup({
    ...task,
    verb: 'scale',
    bringInPlace: bringingInPlace(context, opened, 'scale'),
  })
  return { line: `${outcome}: ${count(now, 'instance')}`, facts: { outcome, size: now } }
}

import { deployGroup, planDeploy } from './lib/deploy.ts'
import { count } from './lib/words.ts'
import { clock, openPlatform, probe } from './open-platform.ts'
import { prepareComputer } from './prepare.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Creates the group, or brings it to what is wished. */
export default async function deploy(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const { platform, instanceTimeoutSeconds } = openPlatform(settings)
  const { wantedImage: image, size } = settings
  const task = { platform, image, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  // Before anything is installed or made, so that a wish that cannot be met touches nothing.
  const steps = await planDeploy(task)
  if (settings.plan) {
    return { line: steps.join('\n') || 'nothing to change', facts: { outcome: 'planned', steps } }
  }
  await prepareComputer(context)
  const result = await deployGroup(task)
  const outdated = result.outdated > 0 ? `; ${count(result.outdated, 'instance')} outdated: npm run roll` : ''
  return {
    line: `${result.outcome}: ${result.url} serves ${result.image} from ${count(result.size, 'instance')}${outdated}`,
    facts: { ...result },
  }
}

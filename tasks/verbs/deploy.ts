import { count } from '../lib/count.ts'
import { deployGroup, planDeploy } from '../lib/deploy/deploy.ts'
import { assertSecretsSet } from '../lib/secrets.ts'
import { clock, openPlatform } from '../platforms/open.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { installMissing, programsFor } from '../tools/system-packages.ts'
import { bringingInPlace } from './bring-in-place.ts'
import { confirmPlan } from './deploy/confirm-plan.ts'

export default async function deploy(context: TaskContext): Promise<TaskResult> {
  const { settings, progress, signal } = context
  const opened = await openPlatform(context)
  const { platform, secrets, probe, instanceTimeoutSeconds, infrastructure } = opened
  await assertSecretsSet({ secrets, needed: settings.service.secrets }, settings.group)
  const { wantedImage: image, size } = settings
  const task = { platform, image, size, instanceTimeoutSeconds, probe, clock, progress, signal }
  // Planned before anything is installed or created, so that an impossible deploy touches nothing.
  const { spec, steps } = await planDeploy(task)
  const plan = await infrastructure?.plan(spec)
  if (settings.dryRun) {
    await plan?.discard()
    const all = [...(plan?.lines ?? []), ...(plan?.warnings ?? []), ...(plan?.dangers ?? []), ...steps]
    return { line: all.join('\n') || 'nothing to change', facts: { outcome: 'planned', steps: all } }
  }
  await installMissing(programsFor(settings.platform), context)
  if (plan) await confirmPlan(plan, context)
  const result = await deployGroup({
    ...task,
    infrastructure: plan,
    bringInPlace: bringingInPlace(context, opened, 'deploy'),
  }).catch(async (error: unknown) => {
    // The deploy may have been refused, the group locked, say: then nobody applies the plan.
    await plan?.discard().catch(() => undefined)
    throw error
  })
  const outdated = result.outdated > 0 ? `; ${count(result.outdated, 'instance')} outdated: npm run roll` : ''
  return {
    line: `${result.outcome}: ${result.url} serves ${result.image} from ${count(result.size, 'instance')}${outdated}`,
    facts: { ...result },
  }
}

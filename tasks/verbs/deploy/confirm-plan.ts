import { OperatorError } from '../../lib/errors.ts'
import type { InfrastructurePlan } from '../../lib/infrastructure.ts'
import type { TaskContext } from '../../terminal/task.ts'

/**
 * Shows the infrastructure changes and asks. An unattended run needs --yes, and --allow-risky for what widens access or
 * replaces something that holds state; without them it is refused and the plan is discarded.
 */
export async function confirmPlan(
  plan: InfrastructurePlan,
  { settings, progress, confirm }: TaskContext,
): Promise<void> {
  if (plan.isEmpty) return
  for (const line of plan.lines) progress.event(line)
  for (const warning of plan.warnings) progress.warn(warning)
  try {
    if (settings.yes && plan.dangers.length > 0 && !settings.deploy.allowRisky) {
      throw new OperatorError('refused', `not done unattended: ${plan.dangers.join('; ')}`, {
        hint: 'without --yes it asks; npm run deploy -- --platform aws --yes --allow-risky does it without asking',
      })
    }
    for (const danger of plan.dangers) progress.warn(danger)
    await confirm('Make these changes?')
  } catch (error) {
    await plan.discard()
    throw error
  }
}

import { OperatorError } from '../../../lib/errors.ts'
import type { InfrastructurePlan } from '../../../lib/infrastructure.ts'
import type { Aws } from '../clients.ts'
import { planStack, type StackPlan } from '../cloudformation/plan.ts'
import type { Waiting } from '../cloudformation/stacks.ts'
import type { Stack } from '../cloudformation/states.ts'
import type { GroupSpecs } from './plans.ts'
import { type Stacks, standing, valuesFromNetwork } from './specs.ts'

export interface Plans {
  readonly network: StackPlan
  readonly service: StackPlan
  readonly guard: StackPlan | undefined
}

type Run = Parameters<InfrastructurePlan['apply']>[0]

/** Applies the plans one after another; returns the outputs of all stacks. */
export async function applyAll(
  aws: Aws,
  plans: Plans,
  { stacks, group }: { readonly stacks: Stacks; readonly group: GroupSpecs },
  run: Run,
): Promise<Record<string, string>> {
  const later = [plans.service, plans.guard].filter((one) => one !== undefined)
  try {
    const network = await applyStack(plans.network, run)
    const service = await applyStack(await stillRight(aws, plans.service, network, stacks, group), run)
    const guard = plans.guard && (await applyStack(plans.guard, run))
    return { ...network.outputs, ...service.outputs, ...guard?.outputs }
  } catch (error) {
    // The first failure matters; a leftover change set costs nothing.
    await discardAll(later).catch(() => undefined)
    throw error
  }
}

/**
 * The service's plan used the network's outputs of that time. If they have changed, plans again; dangers that nobody
 * has confirmed are not applied.
 */
async function stillRight(
  aws: Aws,
  plan: StackPlan,
  network: Stack,
  { network: before }: Stacks,
  { service }: GroupSpecs,
) {
  const values = valuesFromNetwork(network)
  const known = standing(before)
  const isSame = !known || Object.entries(values).every(([name, value]) => known.outputs[name] === value)
  if (isSame) return plan
  await plan.discard()
  const again = await planStack(aws, { ...service, parameters: { ...service.parameters, ...values } })
  const unseen = again.dangers.filter((danger) => !plan.dangers.includes(danger))
  if (unseen.length === 0) return again
  await again.discard()
  throw new OperatorError(
    'failed',
    `the network was changed, but not the service, because of new dangers: ${unseen.join('; ')}`,
    {
      hint: 'npm run deploy shows the remaining changes, and asks',
    },
  )
}

function applyStack(plan: StackPlan, { progress, signal }: Run): Promise<Stack> {
  const waiting: Waiting = { progress, signal, verb: 'deploy' }
  if (plan.isEmpty) return plan.apply(waiting)
  return progress.step(`${plan.isNew ? 'create' : 'update'} stack ${plan.name}`, () => plan.apply(waiting))
}

export async function discardAll(plans: readonly StackPlan[]): Promise<void> {
  await Promise.all(plans.map((plan) => plan.discard()))
}

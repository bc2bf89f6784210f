import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { planLater, planStack, refuseUnplannable, type StackPlan, type StackSpec } from '../cloudformation/plan.ts'
import { withoutNetwork } from '../cloudformation/refusal.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import type { Stack } from '../cloudformation/states.ts'
import {
  type GroupBasis,
  type GroupSpec,
  networkValues,
  type Stacks,
  serviceValues,
  standIns,
  standing,
  valuesFromNetwork,
} from './specs.ts'

export interface GroupSpecs {
  readonly network: StackSpec
  /** Without the network's outputs. */
  readonly service: StackSpec
  /** Without the service's outputs. */
  readonly guard: StackSpec | undefined
}

/** The spec of each stack. Throws `usage` when settings contradict each other. */
export function groupSpecs(basis: GroupBasis, spec: GroupSpec): GroupSpecs {
  const { names, settings, templates, stacks } = basis
  const tags = { ...Object.fromEntries(settings.tags), ...names.tags }
  const guardParameters = { Group: names.group, ...Object.fromEntries(settings.guardParameters) }
  const parameters = networkValues(basis)
  return {
    network: { name: names.networkStack, template: templates.network, parameters, tags },
    service: {
      name: names.serviceStack,
      template: templates.service,
      tags,
      parameters: serviceValues(basis, spec),
    },
    guard:
      settings.guard || stacks.guard
        ? { name: names.guardStack, template: templates.guard, parameters: guardParameters, tags }
        : undefined,
  }
}

/**
 * Plans the service with the network's outputs or, before the network exists, with stand-ins. Throws `refused` when an
 * existing service has lost its network.
 */
export async function planService(aws: Aws, { service, network }: GroupSpecs, stacks: Stacks): Promise<StackPlan> {
  const given = standing(stacks.network)
  if (given) {
    const parameters = { ...service.parameters, ...valuesFromNetwork(given) }
    return planStack(aws, { ...service, parameters }, stacks.service ?? 'absent')
  }
  await refuseUnplannable(aws, stacks.service)
  if (standing(stacks.service)) {
    const { problem, hint } = withoutNetwork(network.name, service.name)
    throw new OperatorError('refused', problem, { hint })
  }
  return planLater(aws, service, stacks.service, {
    standIns: standIns.service,
    async spec() {
      const made = await describeStack(aws, network.name)
      if (made) return { ...service, parameters: { ...service.parameters, ...valuesFromNetwork(made) } }
      throw new OperatorError('failed', `stack ${network.name} was deleted in the meantime`, { hint: 'npm run deploy' })
    },
  })
}

/** Plans the guard for the service's load balancer or, before that exists, for a stand-in. */
export async function planGuard(aws: Aws, guard: StackSpec, serviceName: string, stacks: Stacks): Promise<StackPlan> {
  const withBalancer = (stack: Stack | undefined) => ({
    ...guard,
    parameters: { ...guard.parameters, LoadBalancerArn: stack?.outputs['LoadBalancerArn'] ?? '' },
  })
  const service = standing(stacks.service)
  if (service) return planStack(aws, withBalancer(service), stacks.guard ?? 'absent')
  await refuseUnplannable(aws, stacks.guard)
  return planLater(aws, guard, stacks.guard, {
    standIns: standIns.guard,
    spec: async () => withBalancer(await describeStack(aws, serviceName)),
  })
}

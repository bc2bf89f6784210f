import { OperatorError } from '../../lib/errors.ts'
import { count } from '../../lib/words.ts'
import type { Infrastructure, InfrastructurePlan } from '../infrastructure.ts'
import type { Aws } from './clients.ts'
import { costLines } from './costs.ts'
import {
  checkRules,
  checkSettings,
  type GroupWish,
  networkValues,
  type Stacks,
  serviceValues,
  standing,
  type Templates,
  valuesFromNetwork,
} from './infrastructure-wishes.ts'
import type { Names } from './names.ts'
import { saveOutputs } from './outputs.ts'
import { planLater, planStack, refuseUnplannable, type StackPlan, type StackWish } from './stack-plan.ts'
import { describeStack, type Stack, type Waiting } from './stacks.ts'
import { readTemplate, templateFolder } from './template.ts'

/** The settings that decide about the stacks. */
export interface AwsInfrastructureSettings {
  readonly networkParameters: ReadonlyMap<string, string>
  readonly serviceParameters: ReadonlyMap<string, string>
  readonly guardParameters: ReadonlyMap<string, string>
  readonly tags: ReadonlyMap<string, string>
  readonly guard: boolean
}

/** What the infrastructure of a group is opened with. */
export interface InfrastructureOpening {
  readonly aws: Aws
  readonly names: Names
  /** The outputs of the stacks are kept below it. */
  readonly home: string
  readonly settings: AwsInfrastructureSettings
  /** Where the templates are; the project's own without it. */
  readonly templates?: string
}

/** What `apply` of a plan is told. */
type Run = Parameters<InfrastructurePlan['apply']>[0]

/** The CloudFormation stacks of a group: network, then service, then guard where it is wanted or was made before. */
export function openInfrastructure(opening: InfrastructureOpening): Infrastructure {
  return { plan: (wish) => planGroup(opening, wish) }
}

async function planGroup(opening: InfrastructureOpening, wish: GroupWish): Promise<InfrastructurePlan> {
  const { aws, names, settings } = opening
  const templates = await readTemplates(opening.templates ?? templateFolder)
  checkSettings(templates, settings)
  const stacks = await describeStacks(aws, names)
  const group = groupWishes(opening, templates, stacks, wish)
  checkRules(templates, stacks, { network: group.network.parameters, service: group.service.parameters })
  const made: StackPlan[] = []
  const plan = async (work: Promise<StackPlan>) => {
    const one = await work
    made.push(one)
    return one
  }
  try {
    // Change sets of different stacks are worked out side by side.
    const [network, service, guard] = await Promise.allSettled([
      plan(planStack(aws, group.network, stacks.network ?? 'absent')),
      plan(planService(aws, group, stacks)),
      group.guard ? plan(planGuard(aws, group.guard, group.service.name, stacks)) : undefined,
    ])
    const plans = { network: settledValue(network), service: settledValue(service), guard: settledValue(guard) }
    return wholePlan(opening, plans, { templates, stacks, wish, group })
  } catch (error) {
    await discardAll(made)
    throw error
  }
}

interface Wishes {
  readonly network: StackWish
  /** Without what the network gives. */
  readonly service: StackWish
  /** Without what the service gives. */
  readonly guard: StackWish | undefined
}

function groupWishes(
  { names, settings }: InfrastructureOpening,
  templates: Templates,
  stacks: Stacks,
  wish: GroupWish,
): Wishes {
  const tags = { ...Object.fromEntries(settings.tags), ...names.tags }
  const guardParameters = { Group: names.group, ...Object.fromEntries(settings.guardParameters) }
  const parameters = networkValues(names, templates, stacks, settings)
  return {
    network: { name: names.networkStack, template: templates.network, parameters, tags },
    service: {
      ...{ name: names.serviceStack, template: templates.service, tags },
      parameters: serviceValues(names, wish, stacks.service, settings),
    },
    guard:
      settings.guard || stacks.guard
        ? { name: names.guardStack, template: templates.guard, parameters: guardParameters, tags }
        : undefined,
  }
}

async function planService(aws: Aws, { service, network }: Wishes, stacks: Stacks): Promise<StackPlan> {
  const given = standing(stacks.network)
  if (given) {
    const parameters = { ...service.parameters, ...valuesFromNetwork(given) }
    return planStack(aws, { ...service, parameters }, stacks.service ?? 'absent')
  }
  await refuseUnplannable(aws, stacks.service)
  return planLater(aws, service, async () => {
    const made = await describeStack(aws, network.name)
    if (!made)
      throw new OperatorError('failed', `stack ${network.name} was deleted meanwhile`, { hint: 'npm run deploy' })
    return { ...service, parameters: { ...service.parameters, ...valuesFromNetwork(made) } }
  })
}

async function planGuard(aws: Aws, guard: StackWish, serviceName: string, stacks: Stacks): Promise<StackPlan> {
  const withBalancer = (stack: Stack | undefined) => ({
    ...guard,
    parameters: { ...guard.parameters, LoadBalancerArn: stack?.outputs['LoadBalancerArn'] ?? '' },
  })
  const service = standing(stacks.service)
  if (service) return planStack(aws, withBalancer(service), stacks.guard ?? 'absent')
  await refuseUnplannable(aws, stacks.guard)
  return planLater(aws, guard, async () => withBalancer(await describeStack(aws, serviceName)))
}

interface Plans {
  readonly network: StackPlan
  readonly service: StackPlan
  readonly guard: StackPlan | undefined
}

interface Planned {
  readonly templates: Templates
  readonly stacks: Stacks
  readonly wish: GroupWish
  readonly group: Wishes
}

async function wholePlan(opening: InfrastructureOpening, plans: Plans, planned: Planned): Promise<InfrastructurePlan> {
  const { aws, names, home } = opening
  const all = [plans.network, plans.service, plans.guard].filter((one) => one !== undefined)
  const open = all.filter((one) => !one.isEmpty)
  const costs = open.length === 0 ? [] : await estimate(opening, planned)
  return {
    isEmpty: open.length === 0,
    lines: [...open.flatMap(stackLines), ...costs],
    warnings: open.flatMap(({ warnings }) => warnings),
    dangers: open.flatMap(({ dangers }) => dangers),
    async apply(run) {
      const outputs = await applyAll(aws, plans, planned, run)
      const file = await saveOutputs(home, names.group, outputs)
      for (const [name, value] of Object.entries(outputs)) run.progress.event(`${name}: ${value}`)
      run.progress.event(`outputs saved in ${file}`)
    },
    discard: () => discardAll(all),
  }
}

/** Carries the plans out one after the other; gives the outputs of all stacks. */
async function applyAll(aws: Aws, plans: Plans, { stacks, group }: Planned, run: Run): Promise<Record<string, string>> {
  const later = [plans.service, plans.guard].filter((one) => one !== undefined)
  try {
    const network = await applyStack(plans.network, run)
    const service = await applyStack(await stillRight(aws, plans.service, network, stacks, group), run)
    const guard = plans.guard && (await applyStack(plans.guard, run))
    return { ...network.outputs, ...service.outputs, ...guard?.outputs }
  } catch (error) {
    await discardAll(later)
    throw error
  }
}

/**
 * The plan of the service was made with what the network gave then. Where that has changed it is planned again; what nobody has
 * seen and said yes to is not done.
 */
async function stillRight(aws: Aws, plan: StackPlan, network: Stack, { network: before }: Stacks, { service }: Wishes) {
  const values = valuesFromNetwork(network)
  const known = standing(before)
  const isSame = !known || Object.entries(values).every(([name, value]) => known.outputs[name] === value)
  if (isSame) return plan
  await plan.discard()
  const again = await planStack(aws, { ...service, parameters: { ...service.parameters, ...values } })
  const unseen = again.dangers.filter((danger) => !plan.dangers.includes(danger))
  if (unseen.length === 0) return again
  await again.discard()
  throw new OperatorError('failed', `the network has changed, the service not yet: ${unseen.join('; ')}`, {
    hint: 'npm run deploy shows what is left, and asks',
  })
}

function applyStack(plan: StackPlan, { progress, signal }: Run): Promise<Stack> {
  const waiting: Waiting = { progress, signal, verb: 'deploy' }
  if (plan.isEmpty) return plan.apply(waiting)
  return progress.step(`${plan.isNew ? 'create' : 'update'} stack ${plan.name}`, () => plan.apply(waiting))
}

function stackLines({ name, isNew, lines }: StackPlan): string[] {
  const what = isNew ? `made anew, ${count(lines.length, 'resource')}` : 'changed'
  return [`stack ${name}: ${what}`, ...lines.map((line) => `  ${line}`)]
}

/** What everything will cost, with what is there already. */
async function estimate(
  { aws }: InfrastructureOpening,
  { templates, stacks, wish, group }: Planned,
): Promise<string[]> {
  const use = (wished: StackWish, stack: Stack | undefined) => ({
    template: wished.template,
    values: { ...standing(stack)?.parameters, ...wished.parameters },
  })
  const stacksInUse = [use(group.network, stacks.network), use(group.service, stacks.service)]
  if (group.guard) stacksInUse.push(use({ ...group.guard, template: templates.guard }, stacks.guard))
  return costLines({ region: await aws.region(), size: wish.size, stacks: stacksInUse })
}

async function readTemplates(folder: string): Promise<Templates> {
  const [network, service, guard] = await Promise.all(
    ['network', 'service', 'guard'].map((name) => readTemplate(`${folder}/${name}.yaml`)),
  )
  if (network && service && guard) return { network, service, guard }
  throw new Error(`no templates in ${folder}`)
}

async function describeStacks(aws: Aws, { networkStack, serviceStack, guardStack }: Names): Promise<Stacks> {
  const [network, service, guard] = await Promise.all(
    [networkStack, serviceStack, guardStack].map((name) => describeStack(aws, name)),
  )
  return { network, service, guard }
}

async function discardAll(plans: readonly StackPlan[]): Promise<void> {
  await Promise.all(plans.map((plan) => plan.discard()))
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'fulfilled') return settled.value
  throw settled.reason
}

import { count } from '../../../lib/count.ts'
import type { Infrastructure, InfrastructurePlan } from '../../../lib/infrastructure.ts'
import type { Aws } from '../clients.ts'
import { planStack, type StackPlan } from '../cloudformation/plan.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import { defaultsOf, readTemplate, templateFolder } from '../cloudformation/template.ts'
import { awsSecrets } from '../group/secrets.ts'
import type { Names } from '../names.ts'
import { applyAll, discardAll, type Plans } from './apply.ts'
import { costLines, readPrices } from './costs.ts'
import { saveOutputs } from './outputs.ts'
import { type GroupSpecs, groupSpecs, planGuard, planService } from './plans.ts'
import {
  type AwsInfrastructureSettings,
  checkSettings,
  type GroupSpec,
  type Stacks,
  standing,
  type Templates,
} from './specs.ts'

export interface InfrastructureOpening {
  readonly aws: Aws
  readonly names: Names
  /** The stacks' outputs are saved below it. */
  readonly home: string
  readonly settings: AwsInfrastructureSettings
  /** The template folder; default: the project's own. */
  readonly templates?: string
}

/** The CloudFormation stacks of a group: network, then service, then guard if it is wanted or already exists. */
export function openInfrastructure(opening: InfrastructureOpening): Infrastructure {
  const { aws, names, settings } = opening
  return {
    async plan(spec) {
      const templates = await readTemplates(opening.templates ?? templateFolder)
      checkSettings(settings)
      const [stacks, secrets] = await Promise.all([describeStacks(aws, names), awsSecrets(aws, names).list()])
      const group = groupSpecs({ names, settings, templates, stacks, hasSecrets: secrets.length > 0 }, spec)
      const made: StackPlan[] = []
      const plan = async (work: Promise<StackPlan>) => {
        const one = await work
        made.push(one)
        return one
      }
      try {
        // Change sets of different stacks are computed in parallel.
        const [network, service, guard] = await Promise.allSettled([
          plan(planStack(aws, group.network, stacks.network ?? 'absent')),
          plan(planService(aws, group, stacks)),
          group.guard ? plan(planGuard(aws, group.guard, group.service.name, stacks)) : undefined,
        ])
        const plans = { network: settledValue(network), service: settledValue(service), guard: settledValue(guard) }
        return wholePlan(opening, plans, { templates, stacks, spec, group })
      } catch (error) {
        await discardAll(made).catch(() => undefined)
        throw error
      }
    },
  }
}

interface Planned {
  readonly templates: Templates
  readonly stacks: Stacks
  readonly spec: GroupSpec
  readonly group: GroupSpecs
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

function stackLines({ name, isNew, lines }: StackPlan): string[] {
  const what = isNew ? `new, ${count(lines.length, 'resource')}` : 'changed'
  return [`stack ${name}: ${what}`, ...lines.map((line) => `  ${line}`)]
}

/** The cost of the whole group, existing resources included. */
async function estimate(
  { aws }: InfrastructureOpening,
  { templates, stacks, spec, group }: Planned,
): Promise<string[]> {
  const values = Object.assign(
    {},
    ...(['network', 'service', 'guard'] as const).map((name) => ({
      ...defaultsOf(templates[name]),
      ...standing(stacks[name])?.parameters,
      ...group[name]?.parameters,
    })),
  )
  const question = { region: await aws.region(), size: spec.size, values, isGuarded: group.guard !== undefined }
  return costLines(question, await readPrices())
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

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'fulfilled') return settled.value
  throw settled.reason
}

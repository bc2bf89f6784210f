import type { Parameter } from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { type ChangeSet, dropChangeSet, makeChangeSet } from './change-set.ts'
import { type ChangeReport, reportChanges } from './changes.ts'
import { executeChangeSet } from './execution.ts'
import { parameterDangers } from './parameter-dangers.ts'
import { refusal } from './refusal.ts'
import { deleteStack, describeStack, type Waiting } from './stacks.ts'
import { type Stack, stateOf } from './states.ts'
import type { Template, Values } from './template.ts'

/** How a stack should be. */
export interface StackSpec {
  readonly name: string
  readonly template: Template
  /** The parameters that are given; the rest keeps its previous value, or gets the template's default. */
  readonly parameters: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** What has to be done to a stack. */
export interface StackPlan extends ChangeReport {
  readonly name: string
  readonly isEmpty: boolean
  /** Whether the stack is made anew. */
  readonly isNew: boolean
  /** Does it and gives the stack; an empty plan gives the stack as it is. */
  apply(waiting: Waiting): Promise<Stack>
  /** Takes back what planning made. Safe to call twice, and after `apply`. */
  discard(): Promise<void>
}

/**
 * Has CloudFormation work out what has to be done so that the stack matches its spec; it changes nothing. Throws `refused` when the
 * stack is in no state to be changed, `usage` when a parameter has no value or one that CloudFormation does not take.
 */
export async function planStack(aws: Aws, spec: StackSpec, stack?: Stack | 'absent'): Promise<StackPlan> {
  const found = stack === undefined ? await describeStack(aws, spec.name) : stack === 'absent' ? undefined : stack
  await refuseUnplannable(aws, found)
  const condition = found ? stateOf(found.status).condition : 'gone'
  if (found && condition === 'failed-create') return planAfterFailedCreate(aws, spec, found)
  const standing = condition === 'ready' ? found : undefined
  const parameters = parameterList(spec, standing)
  const changeSet = await makeChangeSet(aws, {
    name: spec.name,
    body: spec.template.body,
    parameters,
    tags: spec.tags,
    isNew: !standing,
  })
  if (!changeSet) return emptyPlan(aws, spec.name)
  let isDone = false
  return {
    name: spec.name,
    isEmpty: false,
    isNew: !standing,
    ...reportOf(spec, standing, changeSet),
    async apply(waiting) {
      isDone = true
      return executeChangeSet(aws, { name: spec.name, changeSet, isNew: !standing }, waiting)
    },
    async discard() {
      if (!isDone) await dropChangeSet(aws, changeSet)
      isDone = true
    },
  }
}

/** Throws `refused` when the stack is in no state to be made or changed. */
export async function refuseUnplannable(aws: Aws, stack: Stack | undefined): Promise<void> {
  if (stack && !/^(ready|review-only|failed-create)$/.test(stateOf(stack.status).condition))
    throw await refusal(aws, stack)
}

/**
 * The plan of a new stack whose parameters are not all known yet, as those of the service stack before the network exists.
 * CloudFormation works it out, and judges what the operator gave, with `standIns` for what is missing; `spec` is asked when it
 * is carried out.
 */
export async function planLater(
  aws: Aws,
  known: StackSpec,
  stack: Stack | undefined,
  { standIns, spec }: { readonly standIns: Values; spec(): Promise<StackSpec> },
): Promise<StackPlan> {
  const plan = await planStack(aws, { ...known, parameters: { ...known.parameters, ...standIns } }, stack ?? 'absent')
  await plan.discard()
  const later = (line: string) =>
    Object.values(standIns).reduce((text, one) => text.replace(one, '(known later)'), line)
  return {
    ...plan,
    lines: plan.lines.map(later),
    async apply(waiting) {
      const made = await planStack(aws, await spec())
      return made.apply(waiting)
    },
  }
}

/** What a first creation left behind is deleted before the stack is made again: until then AWS makes no change set of it. */
function planAfterFailedCreate(aws: Aws, spec: StackSpec, failed: Stack): StackPlan {
  parameterList(spec, undefined)
  return {
    name: spec.name,
    isEmpty: false,
    isNew: true,
    warnings: [],
    dangers: [],
    lines: [
      `- what is left of its failed creation (${failed.status})`,
      `+ all of cloudformation/${spec.template.name}.yaml`,
    ],
    async apply(waiting) {
      await deleteStack(aws, failed.id, waiting)
      const plan = await planStack(aws, spec)
      return plan.apply(waiting)
    },
    async discard() {},
  }
}

function emptyPlan(aws: Aws, name: string): StackPlan {
  return {
    name,
    isEmpty: true,
    isNew: false,
    lines: [],
    warnings: [],
    dangers: [],
    async apply() {
      const stack = await describeStack(aws, name)
      if (stack) return stack
      throw new OperatorError('failed', `stack ${name} was deleted meanwhile`, { hint: 'npm run deploy' })
    },
    async discard() {},
  }
}

/**
 * What is given, whether the template knows it or not, and every other parameter of the template: the previous value; else the
 * default, said aloud, so that it is a previous value from then on.
 */
export function parameterList({ name, template, parameters }: StackSpec, stack: Stack | undefined): Parameter[] {
  const missing: string[] = []
  const unknown = Object.keys(parameters).filter((name) => !template.parameters.has(name))
  const list = [...template.parameters.keys(), ...unknown].map((ParameterKey): Parameter => {
    const given = parameters[ParameterKey]
    if (given !== undefined) return { ParameterKey, ParameterValue: given }
    const usual = template.parameters.get(ParameterKey)?.default
    if (stack?.parameters[ParameterKey] !== undefined) return { ParameterKey, UsePreviousValue: true }
    if (usual === undefined) missing.push(ParameterKey)
    return { ParameterKey, ParameterValue: usual ?? '' }
  })
  if (missing.length === 0) return list
  throw new OperatorError('usage', `stack ${name} needs values for its parameters ${missing.join(', ')}`, {
    hint: `cloudformation/${template.name}.yaml describes them; the settings aws.${template.name}Parameters gives them`,
  })
}

/** What a change set would do, and by which parameters. */
function reportOf({ template, parameters }: StackSpec, stack: Stack | undefined, { changes }: ChangeSet): ChangeReport {
  const report = reportChanges(changes, { isNew: !stack, replacingGroups: template.replacingGroups })
  if (!stack) return report
  const changed = Object.entries(parameters).filter(([key, value]) => stack.parameters[key] !== value)
  const settings = changed.map(([key, value]) => {
    const isSecret = template.parameters.get(key)?.isSecret
    return isSecret
      ? `~ parameter ${key}`
      : `~ parameter ${key}: ${stack.parameters[key] || '(none)'} -> ${value || '(none)'}`
  })
  const lines = [...settings, ...report.lines]
  const dangers = [...parameterDangers(stack.parameters, parameters), ...report.dangers]
  // AWS makes a change set without changes where only these differ.
  return { ...report, lines: lines.length > 0 ? lines : ['~ outputs or descriptions'], dangers }
}

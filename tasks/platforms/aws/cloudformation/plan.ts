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

export interface StackSpec {
  readonly name: string
  readonly template: Template
  /** Given parameters; the others keep their previous value or get the template's default. */
  readonly parameters: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

export interface StackPlan extends ChangeReport {
  readonly name: string
  readonly isEmpty: boolean
  /** Whether the stack is created. */
  readonly isNew: boolean
  /** Applies the plan and returns the stack; an empty plan returns it as it is. */
  apply(waiting: Waiting): Promise<Stack>
  /** Removes the change set. Safe to call twice, and after `apply`. */
  discard(): Promise<void>
}

/**
 * Has CloudFormation compute what brings the stack to its spec, without changing anything. Throws `refused` when the
 * stack's state does not allow a change, `usage` when a parameter is missing or rejected.
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

/** Throws `refused` when the stack can be neither created nor updated in its state. */
export async function refuseUnplannable(aws: Aws, stack: Stack | undefined): Promise<void> {
  if (stack && !/^(ready|review-only|failed-create)$/.test(stateOf(stack.status).condition))
    throw await refusal(aws, stack)
}

/**
 * The plan of a new stack whose parameters are not all known yet, such as the service stack before the network exists.
 * CloudFormation computes and validates it with `standIns` for the missing values; `spec` supplies the real ones when
 * it is applied.
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

/** AWS makes no change set for a stack whose creation failed, so its remains are deleted first. */
function planAfterFailedCreate(aws: Aws, spec: StackSpec, failed: Stack): StackPlan {
  parameterList(spec, undefined)
  return {
    name: spec.name,
    isEmpty: false,
    isNew: true,
    warnings: [],
    dangers: [],
    lines: [
      `- leftovers of its failed creation (${failed.status})`,
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
      throw new OperatorError('failed', `stack ${name} was deleted in the meantime`, { hint: 'npm run deploy' })
    },
    async discard() {},
  }
}

/**
 * The given parameters, known to the template or not, then the template's others: the previous value, else the default.
 * The default is passed explicitly so that it is a previous value from then on.
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
    hint: `cloudformation/${template.name}.yaml describes them; set them in aws.${template.name}Parameters`,
  })
}

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
  // AWS creates a change set without changes when only these differ.
  return { ...report, lines: lines.length > 0 ? lines : ['~ outputs or descriptions'], dangers }
}

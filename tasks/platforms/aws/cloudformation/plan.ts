import { GetTemplateCommand, type Parameter } from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { type ChangeSet, dropChangeSet, makeChangeSet } from './change-set.ts'
import { type ChangeReport, reportChanges } from './changes.ts'
import { executeChangeSet } from './execution.ts'
import { parameterDangers } from './parameter-dangers.ts'
import { refusal } from './refusal.ts'
import { deleteStack, describeStack, type Waiting } from './stacks.ts'
import type { Stack } from './states.ts'
import { stateOf } from './states.ts'
import type { Template } from './template.ts'
import { resourcesMade } from './template-conditions.ts'

/** How a stack should be. */
export interface StackWish {
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
 * Works out what has to be done so that the stack is as wished. It changes nothing: a change set is made, or, where none can
 * be yet, the template is read. Throws `refused` when the stack is in no state to be changed, `usage` when a parameter has no
 * value.
 */
export async function planStack(aws: Aws, wish: StackWish, stack?: Stack | 'absent'): Promise<StackPlan> {
  const found = stack === undefined ? await describeStack(aws, wish.name) : stack === 'absent' ? undefined : stack
  await refuseUnplannable(aws, found)
  const condition = found ? stateOf(found.status).condition : 'gone'
  if (found && condition === 'ruin') return planOverRuin(aws, wish, found)
  const standing = condition === 'ready' ? found : undefined
  const parameters = parameterList(wish, standing)
  const request = { name: wish.name, body: wish.template.body, parameters, tags: wish.tags }
  const changeSet = await makeChangeSet(aws, { ...request, isNew: !standing })
  const report = changeSet && (await reportOf(aws, wish, standing, changeSet))
  if (!report) {
    if (changeSet) await dropChangeSet(aws, changeSet)
    return emptyPlan(aws, wish.name)
  }
  let isDone = false
  return {
    ...{ name: wish.name, isEmpty: false, isNew: !standing },
    ...report,
    async apply(waiting) {
      isDone = true
      return executeChangeSet(aws, { ...request, changeSet, isNew: !standing }, waiting)
    },
    async discard() {
      if (!isDone) await dropChangeSet(aws, changeSet)
      isDone = true
    },
  }
}

/** Throws `refused` when the stack is in no state to be made or changed. */
export async function refuseUnplannable(aws: Aws, stack: Stack | undefined): Promise<void> {
  if (stack && !/^(ready|unmade|ruin)$/.test(stateOf(stack.status).condition)) throw await refusal(aws, stack)
}

/**
 * The plan of a new stack whose parameters are not known yet, as those of the service stack before the network exists: the
 * template tells what will be made. `wish` is asked when it is carried out.
 */
export function planLater(
  aws: Aws,
  known: Pick<StackWish, 'name' | 'template' | 'parameters'>,
  wish: () => Promise<StackWish>,
): StackPlan {
  return {
    ...{ name: known.name, isEmpty: false, isNew: true, warnings: [], dangers: [] },
    lines: linesOfNew(known.template, known.parameters),
    async apply(waiting) {
      const plan = await planStack(aws, await wish())
      return plan.apply(waiting)
    },
    async discard() {},
  }
}

function linesOfNew(template: Template, parameters: StackWish['parameters']): string[] {
  return resourcesMade(template, parameters).map(({ logicalId, type }) => `+ ${logicalId} (${type})`)
}

/** What a first creation left behind is deleted before the stack is made again. */
function planOverRuin(aws: Aws, wish: StackWish, ruin: Stack): StackPlan {
  parameterList(wish, undefined)
  const later = planLater(aws, wish, async () => wish)
  return {
    ...later,
    lines: [`- what is left of its failed creation (${ruin.status})`, ...later.lines],
    async apply(waiting) {
      await deleteStack(aws, ruin.id, waiting)
      return later.apply(waiting)
    },
  }
}

function emptyPlan(aws: Aws, name: string): StackPlan {
  return {
    ...{ name, isEmpty: true, isNew: false, lines: [], warnings: [], dangers: [] },
    async apply() {
      const stack = await describeStack(aws, name)
      if (stack) return stack
      throw new OperatorError('failed', `stack ${name} was deleted meanwhile`, { hint: 'npm run deploy' })
    },
    async discard() {},
  }
}

/**
 * Every parameter of the template: the given value; else the previous one; else the default, said aloud, so that it is a
 * previous value from then on.
 */
export function parameterList({ name, template, parameters }: StackWish, stack: Stack | undefined): Parameter[] {
  const missing: string[] = []
  const list = [...template.parameters].map(([ParameterKey, parameter]): Parameter => {
    const given = parameters[ParameterKey]
    if (given !== undefined) return { ParameterKey, ParameterValue: given }
    if (stack?.parameters[ParameterKey] !== undefined) return { ParameterKey, UsePreviousValue: true }
    if (parameter.default === undefined) missing.push(ParameterKey)
    return { ParameterKey, ParameterValue: parameter.default ?? '' }
  })
  if (missing.length === 0) return list
  throw new OperatorError('usage', `stack ${name} needs values for its parameters ${missing.join(', ')}`, {
    hint: `cloudformation/${template.name}.yaml describes them; the settings aws.${template.name}Parameters gives them`,
  })
}

/** The report of a change set; undefined when it would change nothing. */
async function reportOf(
  aws: Aws,
  { template, parameters }: StackWish,
  stack: Stack | undefined,
  { changes }: ChangeSet,
): Promise<ChangeReport | undefined> {
  const replacing = [...template.resources].filter(([, { replacesInstances }]) => replacesInstances)
  const replacingGroups = new Set(replacing.map(([id]) => id))
  const report = reportChanges(changes, { isNew: !stack, replacingGroups })
  // An emulator lists what no condition lets it make.
  if (!stack) return aws.isEmulated ? { ...report, lines: linesOfNew(template, parameters) } : report
  const changed = Object.entries(parameters).filter(([key, value]) => stack.parameters[key] !== value)
  const settings = changed.map(([key, value]) => {
    const isSecret = template.parameters.get(key)?.isSecret
    return isSecret
      ? `~ parameter ${key}`
      : `~ parameter ${key}: ${stack.parameters[key] || '(none)'} -> ${value || '(none)'}`
  })
  const lines = [...settings, ...report.lines]
  const dangers = [...parameterDangers(stack.parameters, parameters), ...report.dangers]
  if (lines.length > 0) return { ...report, lines, dangers }
  return (await hasSameTemplate(aws, stack, template)) ? undefined : { ...report, lines: ['~ outputs or descriptions'] }
}

/** A change set without changes may stand for other outputs or descriptions, or, in an emulator, for nothing at all. */
async function hasSameTemplate(aws: Aws, { id }: Stack, { body }: Template): Promise<boolean> {
  const { TemplateBody = '' } = await aws.cloudFormation.send(
    new GetTemplateCommand({ StackName: id, TemplateStage: 'Original' }),
  )
  return TemplateBody.trim() === body.trim()
}

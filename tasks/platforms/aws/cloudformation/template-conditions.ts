import type { Template } from './template.ts'

/** The values with which a template is used. */
export type Values = Readonly<Record<string, string>>

/** A resource that a template makes with certain values. */
export interface MadeResource {
  readonly logicalId: string
  readonly type: string
}

/**
 * The resources that a template makes with these values; parameters that are absent have their defaults. A condition that
 * only CloudFormation can decide counts as met.
 */
export function resourcesMade(template: Template, values: Values): MadeResource[] {
  const withDefaults = { ...defaultsOf(template), ...values }
  return [...template.resources].flatMap(([logicalId, { type, condition }]) => {
    const isMade = condition === undefined || decide({ Condition: condition }, template, withDefaults) !== false
    return isMade ? [{ logicalId, type }] : []
  })
}

/** What the parameters of a template are when nothing is said. */
export function defaultsOf({ parameters }: Template): Values {
  const known = [...parameters].filter(([, one]) => one.default !== undefined)
  return Object.fromEntries(known.map(([name, one]) => [name, one.default ?? '']))
}

/** The value of a condition function; undefined where it depends on what is not known here. */
function decide(condition: unknown, template: Template, values: Values): boolean | undefined {
  const [name, operand] = onlyEntry(condition)
  const operands = Array.isArray(operand) ? operand : []
  const parts = () => operands.map((one) => decide(one, template, values))
  if (name === 'Condition') return decide(template.conditions.get(String(operand)), template, values)
  if (name === 'Fn::Not') return negated(parts()[0])
  if (name === 'Fn::And') return all(parts(), true)
  if (name === 'Fn::Or') return negated(all(parts().map(negated), true))
  if (name !== 'Fn::Equals') return undefined
  const [left, right] = operands.map((one) => operandValue(one, values))
  return left === undefined || right === undefined ? undefined : left === right
}

function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value
}

function all(values: readonly (boolean | undefined)[], wanted: boolean): boolean | undefined {
  if (values.includes(!wanted)) return !wanted
  return values.includes(undefined) ? undefined : wanted
}

function operandValue(operand: unknown, values: Values): string | undefined {
  if (typeof operand !== 'object' || operand === null) return String(operand)
  const [name, parameter] = onlyEntry(operand)
  if (name === 'Ref') return values[String(parameter)]
  if (name !== 'Fn::Join' || !Array.isArray(parameter) || !Array.isArray(parameter[1])) return undefined
  const parts = parameter[1].map((one: unknown) => operandValue(one, values))
  return parts.includes(undefined) ? undefined : parts.join(String(parameter[0]))
}

function onlyEntry(value: unknown): [string, unknown] {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return entries.length === 1 && entries[0] ? entries[0] : ['', undefined]
}

/** What the rules of a template have against these values, one line each: `HostedZoneId needs DomainName.` */
export function ruleProblems(template: Template, values: Values): string[] {
  const withDefaults = { ...defaultsOf(template), ...values }
  return template.rules.flatMap(({ condition, assertions }) => {
    if (condition !== undefined && decide(condition, template, withDefaults) !== true) return []
    const broken = assertions.filter(({ assert }) => decide(assert, template, withDefaults) === false)
    return broken.map(({ description }) => description)
  })
}

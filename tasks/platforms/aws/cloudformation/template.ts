import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type CollectionTag, parse, type ScalarTag } from 'yaml'
import { OperatorError } from '../../../lib/errors.ts'

/** A CloudFormation template, as far as we must know it before CloudFormation reads it. */
export interface Template {
  /** The file's name without its ending, `service`. */
  readonly name: string
  /** The text that is sent. */
  readonly body: string
  readonly parameters: ReadonlyMap<string, TemplateParameter>
  readonly resources: ReadonlyMap<string, TemplateResource>
  readonly conditions: ReadonlyMap<string, unknown>
  readonly rules: readonly TemplateRule[]
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html */
export interface TemplateParameter {
  readonly type: string
  /** As text, the way CloudFormation takes every value; absent: a value must be given. */
  readonly default?: string
  readonly allowedValues?: readonly string[]
  readonly allowedPattern?: string
  readonly constraint?: string
  readonly minValue?: number
  readonly maxValue?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly isSecret: boolean
}

/** One resource of a template. */
export interface TemplateResource {
  readonly type: string
  /** The condition under which it is made; absent: always. */
  readonly condition?: string
  /** Whether CloudFormation itself replaces the instances of this Auto Scaling group when their description changes. */
  readonly replacesInstances: boolean
}

/** What must hold between parameters (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html). */
export interface TemplateRule {
  /** When the assertions count; absent: always. */
  readonly condition?: unknown
  readonly assertions: readonly { readonly assert: unknown; readonly description: string }[]
}

type Section = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Where the templates of the project are. */
export const templateFolder = join(import.meta.dirname, '../../../../cloudformation')

/** Reads a template of the project, `service`, or one at another place. Throws `usage` when it cannot be read. */
export async function readTemplate(file: string): Promise<Template> {
  const path = file.endsWith('.yaml') ? file : join(templateFolder, `${file}.yaml`)
  try {
    return templateIn(await readFile(path, 'utf8'), basename(path, '.yaml'))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new OperatorError('usage', `the template ${path} cannot be read: ${message}`, { cause })
  }
}

/** The template in a text. */
export function templateIn(body: string, name: string): Template {
  const {
    Parameters = {},
    Resources = {},
    Conditions = {},
    Rules = {},
  } = parse(body, { customTags }) as Record<string, Section>
  return {
    name,
    body,
    parameters: new Map(Object.entries(Parameters).map(([key, parameter]) => [key, parameterIn(parameter)])),
    resources: new Map(Object.entries(Resources).map(([key, resource]) => [key, resourceIn(resource)])),
    conditions: new Map(Object.entries(Conditions)),
    rules: Object.values(Rules).map(ruleIn),
  }
}

function parameterIn(parameter: Readonly<Record<string, unknown>>): TemplateParameter {
  const { Type, Default, AllowedValues, AllowedPattern, ConstraintDescription, NoEcho } = parameter
  const numbers = { minValue: 'MinValue', maxValue: 'MaxValue', minLength: 'MinLength', maxLength: 'MaxLength' }
  const limits = Object.entries(numbers).filter(([, name]) => parameter[name] !== undefined)
  return {
    type: String(Type ?? 'String'),
    ...(Default === undefined ? {} : { default: String(Default) }),
    ...(Array.isArray(AllowedValues) ? { allowedValues: AllowedValues.map(String) } : {}),
    ...(AllowedPattern === undefined ? {} : { allowedPattern: String(AllowedPattern) }),
    ...(ConstraintDescription === undefined ? {} : { constraint: String(ConstraintDescription) }),
    ...Object.fromEntries(limits.map(([key, name]) => [key, Number(parameter[name])])),
    isSecret: NoEcho === true || NoEcho === 'true',
  }
}

function resourceIn({ Type, Condition, UpdatePolicy }: Readonly<Record<string, unknown>>): TemplateResource {
  const rolling = ['AutoScalingRollingUpdate', 'AutoScalingReplacingUpdate']
  return {
    type: String(Type ?? ''),
    ...(typeof Condition === 'string' ? { condition: Condition } : {}),
    replacesInstances: rolling.some((name) => Object.hasOwn((UpdatePolicy as object | undefined) ?? {}, name)),
  }
}

function ruleIn({ RuleCondition, Assertions }: Readonly<Record<string, unknown>>): TemplateRule {
  const assertions: { Assert?: unknown; AssertDescription?: string }[] = Array.isArray(Assertions) ? Assertions : []
  return {
    ...(RuleCondition === undefined ? {} : { condition: RuleCondition }),
    assertions: assertions.map(({ Assert, AssertDescription = '' }) => ({
      assert: Assert,
      description: AssertDescription,
    })),
  }
}

/**
 * The short forms of the intrinsic functions, read as their long ones
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html).
 */
const functions =
  'And Base64 Cidr Condition Equals FindInMap GetAZs GetAtt If ImportValue Join Length Not Or Ref Select Split Sub Transform'

const customTags = functions.split(' ').flatMap((name): (ScalarTag | CollectionTag)[] => {
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`
  const collection = (kind: 'seq' | 'map'): CollectionTag => ({
    tag: `!${name}`,
    collection: kind,
    resolve: (value) => ({ [key]: value.toJSON() }),
  })
  return [{ tag: `!${name}`, resolve: (value) => ({ [key]: value }) }, collection('seq'), collection('map')]
})

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { OperatorError } from '../../../lib/errors.ts'

/** The parts of a CloudFormation template that must be known before CloudFormation reads it. */
export interface Template {
  /** File name without extension, `service`. */
  readonly name: string
  /** The template text as sent to AWS. */
  readonly body: string
  readonly parameters: ReadonlyMap<string, TemplateParameter>
  /** Auto Scaling groups whose instances CloudFormation itself replaces when their launch configuration changes. */
  readonly replacingGroups: ReadonlySet<string>
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html */
export interface TemplateParameter {
  /** As text, as CloudFormation takes every value. Without a default, a value must be given. */
  readonly default?: string | undefined
  readonly isSecret: boolean
}

export type Values = Readonly<Record<string, string>>

type Section = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export const templateFolder = join(import.meta.dirname, '../../../../cloudformation')

/** Reads one of our templates by name (`service`), or any by its path. Throws `usage` when it cannot be read. */
export async function readTemplate(file: string): Promise<Template> {
  const path = file.endsWith('.yaml') ? file : join(templateFolder, `${file}.yaml`)
  try {
    return templateIn(await readFile(path, 'utf8'), basename(path, '.yaml'))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new OperatorError('usage', `the template ${path} cannot be read: ${message}`, { cause })
  }
}

/** Parses a template. Short forms of CloudFormation functions do not occur in the parts read here. */
export function templateIn(body: string, name: string): Template {
  const { Parameters = {}, Resources = {} } = parse(body, { logLevel: 'error' }) as Record<string, Section>
  const replacing = Object.entries(Resources).filter(([, { UpdatePolicy }]) =>
    ['AutoScalingRollingUpdate', 'AutoScalingReplacingUpdate'].some((one) => Object.hasOwn(Object(UpdatePolicy), one)),
  )
  return {
    name,
    body,
    parameters: new Map(Object.entries(Parameters).map(([key, parameter]) => [key, parameterIn(parameter)])),
    replacingGroups: new Set(replacing.map(([id]) => id)),
  }
}

/** The default values of a template's parameters. */
export function defaultsOf({ parameters }: Template): Values {
  return Object.fromEntries(
    [...parameters].flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  )
}

function parameterIn({ Default, NoEcho }: Readonly<Record<string, unknown>>): TemplateParameter {
  return {
    default: Default === undefined ? undefined : String(Default),
    isSecret: NoEcho === true || NoEcho === 'true',
  }
}

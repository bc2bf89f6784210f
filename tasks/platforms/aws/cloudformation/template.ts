import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { OperatorError } from '../../../lib/errors.ts'

/** A CloudFormation template, as far as we must know it before CloudFormation reads it. */
export interface Template {
  /** The file's name without its ending, `service`. */
  readonly name: string
  /** The text that is sent. */
  readonly body: string
  readonly parameters: ReadonlyMap<string, TemplateParameter>
  /** The Auto Scaling groups whose instances CloudFormation itself replaces when their description changes. */
  readonly replacingGroups: ReadonlySet<string>
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html */
export interface TemplateParameter {
  /** As text, the way CloudFormation takes every value; absent: a value must be given. */
  readonly default?: string | undefined
  readonly isSecret: boolean
}

/** Values of parameters. */
export type Values = Readonly<Record<string, string>>

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

/** The template in a text. The short forms of CloudFormation's functions stand in no part that is read here. */
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

/** What the parameters of a template are when nothing is said. */
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

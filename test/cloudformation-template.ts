import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMap, isScalar, isSeq, parseDocument } from 'yaml'

export const templateNames = ['network', 'service', 'guard', 'access', 'checker'] as const
export type TemplateName = (typeof templateNames)[number]

/** Any value in a template; a short form like `!Ref x` has become its long one, `{ Ref: 'x' }`. */
// biome-ignore lint/suspicious/noExplicitAny: a template is looked into at every depth, and a wrong look fails the test.
export type Value = any

export interface Template {
  readonly body: string
  readonly Metadata: Value
  readonly Parameters: Readonly<Record<string, Value>>
  readonly Resources: Readonly<
    Record<string, { Type: string; Condition?: string; Metadata?: Value; Properties: Value }>
  >
  readonly Outputs: Readonly<Record<string, Value>>
}

/** Reads `cloudformation/NAME.yaml`. */
export async function readTemplate(name: TemplateName): Promise<Template> {
  const body = await readFile(join(import.meta.dirname, '..', 'cloudformation', `${name}.yaml`), 'utf8')
  const document = parseDocument(body, { logLevel: 'silent' })
  if (document.errors.length > 0) throw document.errors[0]
  return { body, ...plain(document.contents) }
}

/** The resources of a type, by their name in the template. */
export function resourcesOf(template: Template, type: string): [string, Value][] {
  return Object.entries(template.Resources).flatMap(([name, { Type, Properties }]) =>
    Type === type ? [[name, Properties] as [string, Value]] : [],
  )
}

function plain(node: unknown): Value {
  if (isMap(node)) {
    return long(node.tag, Object.fromEntries(node.items.map(({ key, value }) => [String(key), plain(value)])))
  }
  if (isSeq(node)) return long(node.tag, node.items.map(plain))
  return isScalar(node) ? long(node.tag, node.value) : undefined
}

function long(tag: string | undefined, value: Value): Value {
  const [, name] = /^!([A-Za-z0-9]+)$/.exec(tag ?? '') ?? []
  if (name === undefined) return value
  if (name === 'Ref' || name === 'Condition') return { [name]: value }
  return { [`Fn::${name}`]: name === 'GetAtt' && typeof value === 'string' ? value.split('.') : value }
}

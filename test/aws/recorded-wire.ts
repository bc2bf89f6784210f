import type { Model, Shape, ShapeUse } from './recorded-model.ts'

const requestId = '00000000-0000-4000-8000-000000000000'

/** An output as the service's own protocol writes it: AWS JSON, AWS query or EC2 query. */
export function encodeOutput(output: object, operation: string, model: Model): { contentType: string; body: string } {
  const use = model.operations[operation]?.output
  if (isJson(model)) {
    return { contentType: jsonType(model), body: JSON.stringify(use ? toJson(output, use, model) : {}) }
  }
  const members = use ? structureXml(output, shapeOf(use, model), model) : ''
  const wrapper = use?.resultWrapper
  const content =
    model.metadata.protocol === 'ec2'
      ? `<requestId>${requestId}</requestId>${members}`
      : `${wrapper ? `<${wrapper}>${members}</${wrapper}>` : members}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
  const body = `<${operation}Response xmlns="${model.metadata.xmlNamespace}">${content}</${operation}Response>`
  return { contentType: 'text/xml', body }
}

/** A request's input as an object of its shape. Times come out as ISO 8601. */
export function decodeInput(body: string, operation: string, model: Model): unknown {
  const use = model.operations[operation]?.input
  if (isJson(model)) return body === '' ? {} : JSON.parse(body)
  const fields = [...new URLSearchParams(body)].filter(([name]) => name !== 'Action' && name !== 'Version')
  if (!use) return Object.fromEntries(fields)
  return fromTree(treeOf(fields), use, model)
}

/** Whether the service speaks AWS JSON to our clients, whatever else it speaks. */
function isJson({ metadata: { protocol, protocols = [protocol] } }: Model): boolean {
  return !protocols.includes('query') && !protocols.includes('ec2')
}

function jsonType({ metadata: { jsonVersion = '1.1' } }: Model): string {
  return `application/x-amz-json-${jsonVersion}`
}

function toJson(value: unknown, use: ShapeUse, model: Model): unknown {
  const shape = shapeOf(use, model)
  if (shape.type === 'timestamp') return Date.parse(String(value)) / 1000
  if (shape.type === 'list') return (value as unknown[]).map((one) => toJson(one, required(shape.member), model))
  if (shape.type !== 'structure' && shape.type !== 'map') return value
  return Object.fromEntries(
    Object.entries(value as object).map(([name, one]) => {
      const member = shape.type === 'map' ? shape.value : shape.members?.[name]
      return [(shape.type === 'map' ? undefined : member?.locationName) ?? name, toJson(one, required(member), model)]
    }),
  )
}

function structureXml(value: object, { members = {} }: Shape, model: Model): string {
  return Object.entries(value)
    .map(([name, one]) => memberXml(one, members[name]?.locationName ?? name, required(members[name]), model))
    .join('')
}

function memberXml(value: unknown, name: string, use: ShapeUse, model: Model): string {
  const shape = shapeOf(use, model)
  const element = (content: string, tag = name) => `<${tag}>${content}</${tag}>`
  switch (shape.type) {
    case 'structure':
      return element(structureXml(value as object, shape, model))
    case 'list': {
      const member = required(shape.member)
      const isFlat = shape.flattened || use.flattened
      const tag = member.locationName ?? (isFlat ? name : 'member')
      const items = (value as unknown[]).map((one) => memberXml(one, tag, member, model)).join('')
      return isFlat ? items : element(items)
    }
    case 'map': {
      const [key, of] = [required(shape.key), required(shape.value)]
      const entry = ([at, one]: [string, unknown]) =>
        element(
          memberXml(at, key.locationName ?? 'key', key, model) + memberXml(one, of.locationName ?? 'value', of, model),
          'entry',
        )
      return element(
        Object.entries(value as object)
          .map(entry)
          .join(''),
      )
    }
    case 'timestamp':
      return element(new Date(String(value)).toISOString())
    default:
      return element(xmlText(String(value)))
  }
}

type Tree = string | { [name: string]: Tree }

/** `A.member.1.B=x` as `{ A: { member: { 1: { B: x } } } }`. */
function treeOf(fields: readonly (readonly [string, string])[]): Tree {
  const root: { [name: string]: Tree } = {}
  for (const [path, value] of fields) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let node = root
    for (const name of names) {
      node[name] ??= {}
      const next = node[name]
      if (typeof next === 'string') throw new Error(`${path}: ${name} is a value and a structure`)
      node = next
    }
    node[last] = value
  }
  return root
}

function fromTree(tree: Tree, use: ShapeUse, model: Model): unknown {
  const shape = shapeOf(use, model)
  if (typeof tree === 'string') return fromText(tree, shape)
  const isEc2 = model.metadata.protocol === 'ec2'
  if (shape.type === 'list') {
    const isFlat = isEc2 || shape.flattened || use.flattened
    const items = isFlat ? tree : (tree[shape.member?.locationName ?? 'member'] ?? {})
    return Object.values(items).map((one) => fromTree(one, required(shape.member), model))
  }
  if (shape.type === 'map') {
    return Object.fromEntries(
      branches(tree['entry']).map((one) => [
        String(one[shape.key?.locationName ?? 'key']),
        fromTree(one[shape.value?.locationName ?? 'value'] ?? '', required(shape.value), model),
      ]),
    )
  }
  const members = Object.entries(shape.members ?? {}).map(
    ([name, member]) => [fieldName(name, member, isEc2), name, member] as const,
  )
  return Object.fromEntries(
    Object.entries(tree).map(([field, one]) => {
      const [, name, member] = members.find(([known]) => known === field) ?? []
      return name && member ? [name, fromTree(one, member, model)] : [field, one]
    }),
  )
}

function branches(tree: Tree | undefined): { [name: string]: Tree }[] {
  return typeof tree === 'object' ? Object.values(tree).filter((one) => typeof one === 'object') : []
}

/** https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution */
function fieldName(name: string, { queryName, locationName }: ShapeUse, isEc2: boolean): string {
  if (!isEc2) return locationName ?? name
  return queryName ?? (locationName ?? name).replace(/^./, (first) => first.toUpperCase())
}

function fromText(text: string, { type }: Shape): unknown {
  if (type === 'list') return []
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return ['integer', 'long', 'float', 'double'].includes(type) && text !== '' ? Number(text) : text
}

function shapeOf({ shape }: ShapeUse, model: Model): Shape {
  return required(model.shapes[shape])
}

function required<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the value was not checked against the model')
  return part
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;')
}

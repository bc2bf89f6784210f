import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ensureVenv } from '../../tasks/tools/python-venv.ts'

/** One shape of a service's model, in botocore's words (https://smithy.io/2.0/aws/protocols/index.html says what they mean on the wire). */
export interface Shape {
  readonly type: string
  readonly members?: Readonly<Record<string, ShapeUse>>
  readonly member?: ShapeUse
  readonly key?: ShapeUse
  readonly value?: ShapeUse
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly flattened?: boolean
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number }
}

/** Where a shape is used, and what it is called there. */
export interface ShapeUse {
  readonly shape: string
  readonly locationName?: string
  readonly queryName?: string
  readonly flattened?: boolean
  readonly resultWrapper?: string
}

/** What AWS publishes of one service's API: botocore's `service-2.json`. */
export interface Model {
  readonly metadata: {
    readonly protocol: string
    readonly protocols?: readonly string[]
    readonly endpointPrefix: string
    readonly signingName?: string
    readonly xmlNamespace?: string
    readonly jsonVersion?: string
  }
  readonly operations: Readonly<
    Record<string, { readonly input?: ShapeUse; readonly output?: ShapeUse; readonly errors?: readonly ShapeUse[] }>
  >
  readonly shapes: Readonly<Record<string, Shape>>
}

const loaded = new Map<string, Promise<Model>>()

/** The model of a service by botocore's name for it (`autoscaling`, `elbv2`), out of moto's virtual environment. */
export function modelOf(service: string): Promise<Model> {
  const model = loaded.get(service) ?? readBotocore(service, 'service-2').then((json) => json as Model)
  loaded.set(service, model)
  return model
}

/** One of botocore's data files of a service, its newest version: `service-2`, `examples-1`. */
export async function readBotocore(service: string, file: string): Promise<unknown> {
  const bin = await ensureVenv('moto', { event() {}, step: (_, work) => work(), live() {}, warn() {} })
  const data = join(bin, '..', 'lib/python3*/site-packages/botocore/data', service)
  const path = (await Array.fromAsync(glob(`${data}/*/${file}.json{,.gz}`))).sort().at(-1)
  if (path === undefined) throw new Error(`botocore knows no ${file} of a service "${service}"`)
  const bytes = await readFile(path)
  return JSON.parse((path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString('utf8'))
}

/** What is wrong with a value that claims to be of a shape: unknown, missing and mistyped members, bounds, enum values. */
export function problemsOf(value: unknown, { shape: name }: ShapeUse, model: Model, at = ''): string[] {
  const shape = model.shapes[name]
  if (!shape) return [`${at}: no shape ${name}`]
  if (shape.type === 'structure' || shape.type === 'map') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: expected a ${shape.type}`]
    return shape.type === 'map' ? ofMap(value, shape, model, at) : ofStructure(value, shape, model, at)
  }
  if (shape.type === 'list') {
    if (!Array.isArray(value)) return [`${at}: expected a list`]
    const { member = { shape: '' } } = shape
    return [
      ...ofSize(value.length, shape, at),
      ...value.flatMap((one, i) => problemsOf(one, member, model, `${at}[${i}]`)),
    ]
  }
  return ofScalar(value, shape, at)
}

function ofStructure(value: object, { members = {}, required = [] }: Shape, model: Model, at: string): string[] {
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name}: missing`)
  const present = Object.entries(value).flatMap(([name, one]) => {
    const use = members[name]
    return use ? problemsOf(one, use, model, `${at}.${name}`) : [`${at}.${name}: unknown`]
  })
  return [...missing, ...present]
}

function ofMap(
  value: object,
  { key = { shape: '' }, value: use = { shape: '' } }: Shape,
  model: Model,
  at: string,
): string[] {
  return Object.entries(value).flatMap(([name, one]) => [
    ...problemsOf(name, key, model, `${at} key ${name}`),
    ...problemsOf(one, use, model, `${at}.${name}`),
  ])
}

function ofScalar(value: unknown, shape: Shape, at: string): string[] {
  switch (shape.type) {
    case 'integer':
    case 'long':
      return Number.isInteger(value) ? ofSize(value as number, shape, at) : [`${at}: expected a whole number`]
    case 'float':
    case 'double':
      return typeof value === 'number' ? ofSize(value, shape, at) : [`${at}: expected a number`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at}: expected true or false`]
    case 'timestamp':
      return typeof value === 'string' && Date.parse(value) > 0 ? [] : [`${at}: expected a time, ISO 8601`]
    default:
      return typeof value === 'string' ? ofText(value, shape, at) : [`${at}: expected a string`]
  }
}

function ofText(value: string, shape: Shape, at: string): string[] {
  if (shape.enum && !shape.enum.includes(value)) return [`${at}: "${value}" is none of ${shape.enum.join(', ')}`]
  const isFitting = pattern(shape.pattern)?.test(value) ?? true
  return [
    ...ofSize(value.length, shape, at),
    ...(isFitting ? [] : [`${at}: "${value}" does not match ${shape.pattern}`]),
  ]
}

function ofSize(size: number, { min = -Infinity, max = Infinity }: Shape, at: string): string[] {
  return size < min || size > max ? [`${at}: ${size} is not within ${min} to ${max}`] : []
}

/** The models' patterns are of another dialect; the few that this one cannot read are not judged. */
function pattern(source: string | undefined): RegExp | undefined {
  try {
    return source === undefined ? undefined : new RegExp(`^(?:${source})$`, 'u')
  } catch {
    return undefined
  }
}

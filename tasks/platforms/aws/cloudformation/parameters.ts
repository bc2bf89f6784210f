import type { Template, TemplateParameter } from './template.ts'

/**
 * What is wrong with values for the parameters of a template, one line each: names that it does not have, and values that its
 * constraints refuse. `where` is said before each name: `aws.serviceParameters.MinSze: ...`.
 */
export function parameterProblems(
  template: Template,
  given: Iterable<readonly [name: string, value: string]>,
  { where, reserved = {} }: { where: string; reserved?: Readonly<Record<string, string>> },
): string[] {
  return [...given].flatMap(([name, value]) => {
    const parameter = template.parameters.get(name)
    const problem = reserved[name] ?? (parameter ? valueProblem(parameter, value) : unknownName(template, name))
    return problem === undefined ? [] : [`${where}.${name}: ${problem}`]
  })
}

function unknownName({ name: file, parameters }: Template, name: string): string {
  const near = nearestName(name, parameters.keys())
  const suggestion = near === undefined ? '' : `; did you mean ${near}?`
  return `cloudformation/${file}.yaml has no such parameter${suggestion}`
}

/** What is wrong with one value; undefined when nothing is. */
export function valueProblem(parameter: TemplateParameter, value: string): string | undefined {
  const { type, allowedValues, constraint } = parameter
  const isList = type === 'CommaDelimitedList' || type.startsWith('List<')
  const parts = isList ? value.split(',').map((part) => part.trim()) : [value]
  const shown = parameter.isSecret ? '[secret]' : JSON.stringify(value)
  const wanted = () => {
    if (allowedValues && parts.some((part) => !allowedValues.includes(part)))
      return `one of ${allowedValues.join(', ')}`
    if (parts.some((part) => !hasType(type, part))) return typeInWords(type)
    if (parts.some((part) => !fitsPattern(parameter, part))) return `text like ${parameter.allowedPattern}`
    return limitProblem(parameter, value)
  }
  const problem = wanted()
  if (problem === undefined) return undefined
  const words = constraint === undefined || allowedValues ? problem : constraint.replace(/\.$/, '')
  return `expected ${words}, got ${shown}`
}

function limitProblem({ type, minValue, maxValue, minLength, maxLength }: TemplateParameter, value: string) {
  if (minValue !== undefined && Number(value) < minValue) return `at least ${minValue}`
  if (maxValue !== undefined && Number(value) > maxValue) return `at most ${maxValue}`
  if (type !== 'String') return undefined
  if (minLength !== undefined && value.length < minLength) return `at least ${minLength} characters`
  if (maxLength !== undefined && value.length > maxLength) return `at most ${maxLength} characters`
  return undefined
}

/** CloudFormation holds the pattern against the whole value (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html). */
function fitsPattern({ allowedPattern }: TemplateParameter, value: string): boolean {
  if (allowedPattern === undefined) return true
  try {
    return new RegExp(`^(?:${allowedPattern})$`).test(value)
  } catch {
    // A Java pattern that JavaScript does not read; CloudFormation decides.
    return true
  }
}

/** The shapes of the ids that CloudFormation checks in its own types. */
const idTypes: Readonly<Record<string, { readonly pattern: RegExp; readonly words: string }>> = {
  Number: { pattern: /^-?\d+(\.\d+)?$/, words: 'a number' },
  'AWS::EC2::Image::Id': { pattern: /^ami-[0-9a-f]+$/, words: 'the id of an image, ami-...' },
  'AWS::EC2::SecurityGroup::Id': { pattern: /^sg-[0-9a-f]+$/, words: 'the id of a security group, sg-...' },
  'AWS::EC2::Subnet::Id': { pattern: /^subnet-[0-9a-f]+$/, words: 'the id of a subnet, subnet-...' },
  'AWS::EC2::VPC::Id': { pattern: /^vpc-[0-9a-f]+$/, words: 'the id of a VPC, vpc-...' },
}

function hasType(type: string, value: string): boolean {
  return idTypes[elementType(type)]?.pattern.test(value) ?? true
}

function typeInWords(type: string): string {
  const words = idTypes[elementType(type)]?.words ?? type
  return type.startsWith('List<') ? `a list, each ${words}` : words
}

function elementType(type: string): string {
  return /^List<(.+)>$/.exec(type)?.[1] ?? type
}

/** The name that a mistyped one most likely means; undefined when none is near. */
function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const distances = [...candidates].map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }))
  const [best] = distances.sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined
}

/** How many letters must be inserted, deleted or replaced. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

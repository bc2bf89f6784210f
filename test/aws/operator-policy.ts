import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, type Tags } from 'yaml'
import type { Context } from '../../tasks/platforms/aws/doctor/permitted.ts'

/** One statement of an IAM policy; all of ours allow. */
interface Statement {
  readonly Effect: 'Allow'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** The account for which the policies of the template are written out. */
export const account = '123456789012'

/** What one of the roles of cloudformation/access.yaml may do. */
export interface RolePolicy {
  /** Whether the role may do it, conditions and all (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). */
  allows(action: string, resource: string, context: readonly Context[]): boolean
  /** Whether the role may do it to any resource at all. */
  mentions(action: string): boolean
}

/** Reads the policies of a role from the template. */
export async function policyOf(role: 'OperatorRole' | 'ReviewerRole'): Promise<RolePolicy> {
  const file = join(import.meta.dirname, '../../cloudformation/access.yaml')
  const { Resources } = parse(await readFile(file, 'utf8'), { customTags: written })
  const attached: string[] = Resources[role].Properties.ManagedPolicyArns
  const statements = attached.flatMap((name): Statement[] => Resources[name].Properties.PolicyDocument.Statement)
  return {
    allows: (action, resource, context) =>
      statements.some(
        (one) =>
          fits(one.Action, action) &&
          fits(one.Resource, resource) &&
          Object.entries(one.Condition ?? {}).every(holdsIn(context)),
      ),
    mentions: (action) => statements.some((one) => fits(one.Action, action)),
  }
}

/** The short forms that the template uses, written out. */
const written: Tags = [
  {
    tag: '!Ref',
    resolve: (name: string) =>
      name === 'Boundary' ? `arn:aws:iam::${account}:policy/bakeroll-access/bakeroll-boundary` : name,
  },
  {
    tag: '!Sub',
    resolve: (text: string) => text.replace(/\$\{AWS::Partition\}/g, 'aws').replace(/\$\{AWS::AccountId\}/g, account),
  },
  { tag: '!GetAtt', resolve: (text: string) => text },
  ...['!If', '!Not', '!Equals'].map((tag) => ({ tag, collection: 'seq' as const })),
]

function fits(patterns: string | readonly string[], text: string): boolean {
  return [patterns].flat().some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${source}$`).test(text)
  })
}

function holdsIn(context: readonly Context[]) {
  return ([operator, asked]: [string, Readonly<Record<string, string | readonly string[]>>]): boolean =>
    Object.entries(asked).every(([key, wanted]) => {
      const found = context.find((one) => one.key === key)?.value
      switch (operator) {
        case 'Null':
          return (found === undefined) === (wanted === 'true')
        case 'StringEquals':
        case 'NumericEquals':
        case 'ForAnyValue:StringEquals':
          return found !== undefined && [wanted].flat().includes(found)
        default:
          throw new Error(`no such condition is known here: ${operator}`)
      }
    })
}

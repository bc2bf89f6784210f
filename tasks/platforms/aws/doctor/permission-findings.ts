import { count } from '../../../lib/count.ts'
import type { Finding } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { needs } from './permissions.ts'
import type { PermissionScope } from './permitted.ts'
import { actionsOf, type Denial, principalOf, simulate } from './policy-simulation.ts'

const operatorRole =
  'use the operator role of cloudformation/access.yaml: aws cloudformation deploy --stack-name bakeroll-access --template-file cloudformation/access.yaml --capabilities CAPABILITY_NAMED_IAM'

/** One finding for each verb that lacks permissions, and one for all that have theirs. */
export async function permissionFindings(aws: Aws, callerArn: string, scope: PermissionScope): Promise<Finding[]> {
  const { arn, because } = await principalOf(aws, callerArn)
  if (arn === undefined) return [{ ...unknown, found: `not simulated: ${because ?? 'no role'}`, hint: operatorRole }]
  try {
    return judge(await simulate(aws, arn, needs, scope))
  } catch (error) {
    if (!isAwsError(error, 'AccessDenied', 'NoSuchEntity', 'InvalidInput')) throw error
    const found = `not simulated: no permission for iam:SimulatePrincipalPolicy on ${arn}`
    return [{ ...unknown, found, hint: operatorRole }]
  }
}

const unknown = { name: 'permissions', status: 'warn' } as const

export function judge(denials: readonly Denial[]): Finding[] {
  const verbs = [...new Set(needs.flatMap((need) => need.verbs))].sort()
  const lacking = verbs.map((verb) => ({ verb, missing: denials.filter(({ action }) => isNeeded(action, verb)) }))
  const able = lacking.filter(({ missing }) => missing.length === 0).map(({ verb }) => verb)
  const found = `${count(actionsOf(needs).length, 'action')}, sufficient for ${able.join(', ')}`
  const all: Finding[] = able.length === 0 ? [] : [{ name: 'permissions', status: 'ok', found }]
  return [...all, ...lacking.filter(({ missing }) => missing.length > 0).map(finding)]
}

function isNeeded(action: string, verb: string): boolean {
  return needs.some(({ verbs, actions }) => verbs.includes(verb) && actions.includes(action))
}

function finding({ verb, missing }: { verb: string; missing: readonly Denial[] }): Finding {
  const actions = [...new Set(missing.map(({ action }) => action))]
  const isForbidden = missing.some(({ decision, byOrganization }) => decision === 'explicitDeny' || byOrganization)
  return {
    name: `permissions of ${verb}`,
    status: 'fail',
    found: `missing: ${actions.join(', ')}`,
    hint: isForbidden
      ? 'a policy, perhaps of the organization, denies it: only its author can change that'
      : operatorRole,
  }
}

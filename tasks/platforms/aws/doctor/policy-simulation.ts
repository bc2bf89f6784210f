import { GetRoleCommand, IAMClient, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam'
import { inTurns } from '../../../lib/bounded.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { arnOf, contextOf, type Need, type PermissionScope } from './permitted.ts'

export interface Denial {
  readonly action: string
  readonly decision: 'implicitDeny' | 'explicitDeny'
  /** True when the organization denies it. */
  readonly byOrganization: boolean
}

/**
 * Asks IAM which of these actions are denied to the principal, in one request per kind of resource
 * (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html).
 */
export async function simulate(
  aws: Aws,
  principal: string,
  needs: readonly Need[],
  scope: PermissionScope,
): Promise<Denial[]> {
  const client = aws.open(IAMClient)
  const alike = [...Map.groupBy(needs, ({ on, by }) => `${on} ${by}`).values()]
  const answers = await inTurns(alike, 4, (some) => denials(client, questionOf(principal, some, scope)))
  return answers.flat()
}

/** The request for needs that share the kind of resource and the caller. */
export function questionOf(principal: string, needs: readonly Need[], scope: PermissionScope) {
  const { on = 'anything', by } = needs[0] ?? {}
  return {
    PolicySourceArn: principal,
    ActionNames: actionsOf(needs),
    ResourceArns: [arnOf(on, scope)],
    ContextEntries: contextOf(by, scope).map(({ key, type, value }) => ({
      ContextKeyName: key,
      ContextKeyType: type,
      ContextKeyValues: [value],
    })),
  }
}

async function denials(client: IAMClient, question: ReturnType<typeof questionOf>): Promise<Denial[]> {
  const found: Denial[] = []
  for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client }, question)) {
    for (const {
      EvalActionName: action = '',
      EvalDecision: decision,
      OrganizationsDecisionDetail,
    } of EvaluationResults) {
      const byOrganization = OrganizationsDecisionDetail?.AllowedByOrganizations === false
      if (decision !== undefined && decision !== 'allowed') found.push({ action, decision, byOrganization })
    }
  }
  return found
}

export function actionsOf(needs: readonly Need[]): string[] {
  return [...new Set(needs.flatMap(({ actions }) => actions))].sort()
}

export interface Principal {
  /** The ARN of the user or role; undefined when IAM cannot simulate the caller. */
  readonly arn?: string
  /** Why IAM cannot simulate the caller. */
  readonly because?: string
}

/**
 * The user or role behind an ARN from STS. The ARN of a role session lacks the role's path, so IAM is asked for it
 * where that is allowed.
 */
export async function principalOf(aws: Aws, callerArn: string): Promise<Principal> {
  const [, partition, service, , account, ...rest] = callerArn.split(':')
  const name = rest.join(':')
  if (name === 'root') return { because: 'the root user may do everything, and is not meant for daily work' }
  if (service === 'iam') return { arn: callerArn }
  const role = /^assumed-role\/([^/]+)\//.exec(name)?.[1]
  if (role === undefined) return { because: `IAM cannot simulate ${name.split('/')[0]}` }
  try {
    const { Role } = await aws.open(IAMClient).send(new GetRoleCommand({ RoleName: role }))
    return Role?.Arn === undefined ? {} : { arn: Role.Arn }
  } catch (error) {
    if (!isAwsError(error, 'AccessDenied', 'NoSuchEntity')) throw error
    return { arn: `arn:${partition}:iam::${account}:role/${role}` }
  }
}

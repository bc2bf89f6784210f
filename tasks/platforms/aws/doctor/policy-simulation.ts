import { GetRoleCommand, IAMClient, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam'
import { inTurns } from '../../../lib/bounded.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { arnOf, contextOf, type Need, type PermissionScope } from './permitted.ts'

/** An action that the credentials may not do. */
export interface Denial {
  readonly action: string
  readonly decision: 'implicitDeny' | 'explicitDeny'
  /** True when it is the organization that does not allow it. */
  readonly byOrganization: boolean
}

/**
 * Asks IAM which of these actions the principal may not do, one question per kind of resource
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

/** The question for needs of one kind of resource and one caller. */
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

/** The actions of some needs, each once. */
export function actionsOf(needs: readonly Need[]): string[] {
  return [...new Set(needs.flatMap(({ actions }) => actions))].sort()
}

/** Who calls, as IAM can simulate it. */
export interface Principal {
  /** The ARN of the user or role; undefined when IAM has no such thing to simulate. */
  readonly arn?: string
  /** Why not. */
  readonly because?: string
}

/**
 * The user or role behind the ARN that STS tells. The ARN of a role's session lacks the path of the role, so IAM is
 * asked for it where that is allowed.
 */
export async function principalOf(aws: Aws, callerArn: string): Promise<Principal> {
  const [, partition, service, , account, ...rest] = callerArn.split(':')
  const name = rest.join(':')
  if (name === 'root') return { because: 'the root user of an account may do everything, and is not for daily work' }
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

import { OperatorError } from '../../../lib/errors.ts'
import { launchHint } from '../failures/launch-hints.ts'
import type { ResourceEvent } from './events.ts'
import { awaitedRecords, shortType } from './progress.ts'
import { stateOf } from './states.ts'
import type { Ended } from './watch.ts'

/** The resource that made an operation fail, and AWS's reason. */
export interface RootCause {
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly reason: string
}

/**
 * The first resource that failed, not counting cancellations that follow another failure, nor the stack's own summary.
 * `events` are oldest first.
 */
export function rootCause(events: readonly ResourceEvent[]): RootCause | undefined {
  const failed = events.filter(({ status, isOfStack }) => !isOfStack && status.endsWith('_FAILED'))
  return failed.find(({ reason }) => !isCancelled(reason)) ?? undefined
}

/** Whether the reason says only that something did not become ready. */
export function isVague({ reason, type }: RootCause): boolean {
  const words =
    /stabili[sz]|failed to (receive|become)|signals?\b|timed? ?out|time-?out|exceeded (max )?attempts|not ready|health check/i
  return words.test(reason) || type === 'AWS::AutoScaling::AutoScalingGroup'
}

export type Doing = 'create' | 'update' | 'delete'

/**
 * The error for a failed operation: the root cause, then advice, then details. An update that was rolled back has the
 * kind `put-back`.
 */
export function stackFailure(
  stack: string,
  doing: Doing,
  { status, reason, events }: Ended,
  readiness: readonly string[] = [],
): OperatorError {
  const cause = rootCause(events)
  const state = stateOf(status)
  const why = cause ? `${cause.logicalId} (${shortType(cause.type)}): ${cause.reason || 'no reason given'}` : reason
  const records = awaitedRecords(beforeFailure(events))
  const lines = [
    ...(state.remedy ? [state.remedy(stack)] : []),
    ...adviceOn(cause?.reason ?? reason),
    ...(doing === 'delete' ? [deletionAdvice(events)] : []),
    ...(records.length > 0 ? [`the certificate was waiting for ${records.join(' and ')}`] : []),
    ...(readiness.length > 0 ? ['behind it:', ...readiness.map((line) => line.replace(/^/gm, '  '))] : []),
  ]
  const isBack = state.condition === 'ready'
  const back = isBack ? '; the stack is as it was before' : ''
  return new OperatorError(isBack ? 'put-back' : 'failed', `stack ${stack} could not be ${doing}d: ${why}${back}`, {
    hint: lines.join('\n') || `aws cloudformation describe-stack-events --stack-name ${stack}`,
  })
}

/** The events before the first failure: after it, a certificate no longer waits. */
function beforeFailure(events: readonly ResourceEvent[]): readonly ResourceEvent[] {
  const first = events.findIndex(({ status, isOfStack }) => !isOfStack && status.endsWith('_FAILED'))
  return first < 0 ? events : events.slice(0, first)
}

/** Deleting again often works, because what was in use is free by then. */
function deletionAdvice(events: readonly ResourceEvent[]): string {
  const held = events.filter(({ status, isOfStack }) => !isOfStack && status === 'DELETE_FAILED')
  const names = held.map(({ logicalId, physicalId }) => `${logicalId} ${physicalId}`)
  return names.length > 1 ? `still there: ${names.join(', ')}; npm run destroy again` : 'npm run destroy again'
}

function adviceOn(reason: string): string[] {
  const known = advice.find(({ says }) => says.test(reason))?.hint ?? launchHint(reason)
  return known === undefined ? [] : [known]
}

/**
 * Resource handlers append a code to their reasons
 * (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html).
 */
const advice: readonly { readonly says: RegExp; readonly hint: string }[] = [
  {
    says: /HandlerErrorCode: (AccessDenied|UnauthorizedTaggingOperation)|not authorized to perform/,
    hint: 'npm run doctor -- --platform aws names the permissions that are missing; cloudformation/access.yaml grants them',
  },
  {
    says: /HandlerErrorCode: ServiceLimitExceeded|maximum number of|LimitExceeded/,
    hint: 'npm run doctor -- --platform aws shows the quotas, and how to raise them',
  },
  {
    says: /detector already exists/i,
    hint: 'BAKEROLL_AWS_GUARD_PARAMETERS=GuardDuty=false keeps the existing detector',
  },
  {
    says: /HandlerErrorCode: (Throttling|ServiceInternalError|NetworkFailure)/,
    hint: 'npm run deploy -- --platform aws again in a minute',
  },
]

function isCancelled(reason: string): boolean {
  return /^Resource (creation|update|deletion|import) cancelled/i.test(reason)
}

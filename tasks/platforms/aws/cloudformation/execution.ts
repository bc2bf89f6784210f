import {
  CreateStackCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetOutput,
  ExecuteChangeSetCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { type ChangeSet, type ChangeSetWish, capabilities, dropChangeSet, tagList } from './change-set.ts'
import { newestEvent } from './events.ts'
import { evidenceBehind } from './evidence.ts'
import { rootCause, stackFailure } from './failure.ts'
import { deleteStack, describeStack, requestToken, type Waiting } from './stacks.ts'
import type { Stack } from './states.ts'
import { stateOf } from './states.ts'
import { type Ended, watchOperation } from './watch.ts'

/** A change set, and what it was made of. */
export interface Execution extends ChangeSetWish {
  readonly changeSet: ChangeSet
}

/**
 * Carries a change set out and gives the stack at its end. A failed creation is cleared away, a failed update goes back; the
 * failure names the first resource that failed, why, and what lies behind.
 */
export async function executeChangeSet(aws: Aws, execution: Execution, waiting: Waiting): Promise<Stack> {
  const { name, isNew, changeSet } = execution
  const { verb = 'deploy' } = waiting
  const doing = isNew ? 'create' : 'update'
  const begun = await begin(aws, execution, verb)
  let evidence: Promise<string[]> = Promise.resolve([])
  const ended = await watchOperation(aws, {
    ...waiting,
    ...{ verb, stack: { name, id: begun.stackId }, afterId: begun.afterId },
    onFailure(events) {
      const cause = rootCause(events)
      if (cause) evidence = evidenceBehind(aws, begun.stackId, cause)
    },
    whileSilent: () => throwIfRefused(aws, changeSet.id, name),
  })
  const stack = await describeStack(aws, begun.stackId)
  if (ended.status === (isNew ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE') && stack) return stack
  const failure = stackFailure(name, doing, ended, await evidence)
  throw isNew ? await clearedAway(aws, begun.stackId, ended, failure, waiting) : failure
}

/** Deletes what a failed creation has left, and tells of it; the cause stays the failure. */
async function clearedAway(aws: Aws, stackId: string, ended: Ended, failure: OperatorError, waiting: Waiting) {
  const { kind, message, hint = '' } = failure
  // What ended otherwise than by its own failure was taken over by somebody.
  if (!/^(CREATE_FAILED|ROLLBACK_\w+)$/.test(ended.status)) return failure
  try {
    await deleteStack(aws, stackId, { ...waiting, verb: waiting.verb ?? 'deploy' })
    return new OperatorError(kind, `${message}; what it had made is removed`, { hint, cause: failure })
  } catch (error) {
    if (error instanceof OperatorError && error.kind === 'interrupted') return error
    const words = error instanceof Error ? error.message : String(error)
    const advice = `npm run deploy clears the rest away and begins anew\n${hint}`
    return new OperatorError(kind, `${message}; not all of it could be removed: ${words}`, {
      hint: advice,
      cause: failure,
    })
  }
}

/** Begins the operation; gives the stack's id and the newest event before. */
async function begin(aws: Aws, execution: Execution, verb: string): Promise<{ stackId: string; afterId?: string }> {
  const { changeSet } = execution
  if (aws.isEmulated) return beginEmulated(aws, execution, verb)
  const afterId = await newestEvent(aws, changeSet.stackId)
  try {
    await aws.cloudFormation.send(
      new ExecuteChangeSetCommand({ ChangeSetName: changeSet.id, ClientRequestToken: requestToken(verb) }),
    )
  } catch (cause) {
    if (!isAwsError(cause, 'InvalidChangeSetStatusException', 'InvalidChangeSetStatus')) throw cause
    throw new OperatorError('refused', `stack ${execution.name} was changed by somebody since this was planned`, {
      hint: `npm run ${verb} plans it again`,
      cause,
    })
  }
  return { stackId: changeSet.stackId, ...(afterId === undefined ? {} : { afterId }) }
}

/**
 * moto carries change sets out without working out the stack's outputs and its resources' tags (5.2.5, `execute_change_set`), so
 * there the same template and parameters go another way.
 */
async function beginEmulated(aws: Aws, execution: Execution, verb: string) {
  const { name, body, parameters, tags, isNew, changeSet } = execution
  const request = {
    ...{ StackName: name, TemplateBody: body, Parameters: [...parameters], Tags: tagList(tags) },
    ...{ Capabilities: [...capabilities], ClientRequestToken: requestToken(verb) },
  }
  const afterId = isNew ? undefined : await newestEvent(aws, changeSet.stackId)
  await dropChangeSet(aws, changeSet)
  // Change sets that others left stand in the way of this way only.
  const unmade = isNew ? await describeStack(aws, name) : undefined
  if (unmade && stateOf(unmade.status).condition === 'unmade') await deleteStack(aws, unmade.id, { verb })
  const { StackId: stackId = changeSet.stackId } = isNew
    ? await aws.cloudFormation.send(new CreateStackCommand(request))
    : await aws.cloudFormation.send(new UpdateStackCommand(request))
  return { stackId, ...(afterId === undefined ? {} : { afterId }) }
}

/** A change set that is refused when it is carried out leaves no event. */
async function throwIfRefused(aws: Aws, ChangeSetName: string, name: string): Promise<undefined> {
  const asked = aws.cloudFormation.send(new DescribeChangeSetCommand({ ChangeSetName }))
  const { ExecutionStatus, StatusReason = 'no reason given' } = await asked.catch((): DescribeChangeSetOutput => ({}))
  if (ExecutionStatus !== 'EXECUTE_FAILED' && ExecutionStatus !== 'OBSOLETE') return undefined
  throw new OperatorError('refused', `stack ${name}: the change set was not carried out: ${StatusReason}`)
}

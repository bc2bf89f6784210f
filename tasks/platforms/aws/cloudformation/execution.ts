import {
  DescribeChangeSetCommand,
  type DescribeChangeSetOutput,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import type { ChangeSet } from './change-set.ts'
import { newestEvent } from './events.ts'
import { rootCause, stackFailure } from './failure.ts'
import { failureDetails } from './failure-details.ts'
import { deleteStack, describeStack, requestToken, type Waiting } from './stacks.ts'
import type { Stack } from './states.ts'
import { type Ended, watchOperation } from './watch.ts'

export interface Execution {
  readonly name: string
  readonly changeSet: ChangeSet
  readonly isNew: boolean
}

/**
 * Executes a change set and returns the resulting stack. A failed creation is deleted, a failed update is rolled back
 * by CloudFormation. The error names the first resource that failed, the reason, and details behind it.
 */
export async function executeChangeSet(aws: Aws, execution: Execution, waiting: Waiting): Promise<Stack> {
  const { name, isNew, changeSet } = execution
  const stackId = changeSet.stackId
  const { verb = 'deploy' } = waiting
  const doing = isNew ? 'create' : 'update'
  const afterId = await begin(aws, execution, verb)
  let readiness: Promise<string[]> = Promise.resolve([])
  const ended = await watchOperation(aws, {
    ...waiting,
    verb,
    stack: { name, id: stackId },
    afterId,
    onFailure(events) {
      const cause = rootCause(events)
      if (cause) readiness = failureDetails(aws, stackId, cause)
    },
    whileSilent: () => throwIfRefused(aws, changeSet.id, name),
  })
  const stack = await describeStack(aws, stackId)
  if (ended.status === (isNew ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE') && stack) return stack
  const failure = stackFailure(name, doing, ended, await readiness)
  throw isNew ? await clearedAway(aws, stackId, ended, failure, waiting) : failure
}

/** Deletes what a failed creation left and adds that to the error. */
async function clearedAway(aws: Aws, stackId: string, ended: Ended, failure: OperatorError, waiting: Waiting) {
  const { kind, message, hint = '' } = failure
  // Any other end means that somebody else took over.
  if (!/^(CREATE_FAILED|ROLLBACK_\w+)$/.test(ended.status)) return failure
  try {
    await deleteStack(aws, stackId, { ...waiting, verb: waiting.verb ?? 'deploy' })
    return new OperatorError(kind, `${message}; its resources were removed`, { hint, cause: failure })
  } catch (error) {
    if (error instanceof OperatorError && error.kind === 'interrupted') return error
    const words = error instanceof Error ? error.message : String(error)
    const advice = `npm run deploy removes the rest and starts over\n${hint}`
    return new OperatorError(kind, `${message}; some resources could not be removed: ${words}`, {
      hint: advice,
      cause: failure,
    })
  }
}

/** Returns the id of the newest event before the operation. */
async function begin(aws: Aws, { name, changeSet }: Execution, verb: string): Promise<string | undefined> {
  const afterId = await newestEvent(aws, changeSet.stackId)
  try {
    await aws.cloudFormation.send(
      new ExecuteChangeSetCommand({
        StackName: changeSet.stackId,
        ChangeSetName: changeSet.id,
        ClientRequestToken: requestToken(verb),
      }),
    )
  } catch (cause) {
    if (!isAwsError(cause, 'InvalidChangeSetStatusException', 'InvalidChangeSetStatus')) throw cause
    throw new OperatorError('refused', `stack ${name} was changed by somebody else since this was planned`, {
      hint: `npm run ${verb} plans it again`,
      cause,
    })
  }
  return afterId
}

/** A change set that is rejected on execution leaves no event. */
async function throwIfRefused(aws: Aws, ChangeSetName: string, name: string): Promise<undefined> {
  const asked = aws.cloudFormation.send(new DescribeChangeSetCommand({ ChangeSetName }))
  const { ExecutionStatus, StatusReason = 'no reason given' } = await asked.catch((): DescribeChangeSetOutput => ({}))
  if (ExecutionStatus !== 'EXECUTE_FAILED' && ExecutionStatus !== 'OBSOLETE') return undefined
  throw new OperatorError('refused', `stack ${name}: the change set was not carried out: ${StatusReason}`)
}

import { randomUUID } from 'node:crypto'
import {
  DeleteStackCommand,
  type Stack as Described,
  DescribeStacksCommand,
  type Parameter,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Progress } from '../../../lib/progress.ts'
import type { Aws } from '../clients.ts'
import { awsMessage, isAwsError } from '../failures/failures.ts'
import { newestEvent, newestOperation } from './events.ts'
import { rootCause, stackFailure } from './failure.ts'
import { failureDetails } from './failure-details.ts'
import { refusal } from './refusal.ts'
import { type Stack, stateOf } from './states.ts'
import { type Ended, watchOperation } from './watch.ts'

export interface Waiting {
  readonly progress?: Progress | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutSeconds?: number | undefined
  /** The operator's verb, for messages and for others who see the operation. */
  readonly verb?: string | undefined
  /** Pauses between polls: the first and the longest. */
  readonly pollMs?: readonly [first: number, longest: number] | undefined
}

/** A stack in any state; undefined when it does not exist or was deleted. */
export async function describeStack(aws: Aws, nameOrId: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: nameOrId }))
    const [found] = Stacks
    return found && found.StackStatus !== 'DELETE_COMPLETE' ? stackIn(found) : undefined
  } catch (error) {
    if (isAwsError(error, 'ValidationError') && /does not exist/.test(awsMessage(error))) return undefined
    throw error
  }
}

/**
 * Updates some parameters of a stack; template and other parameters stay. Waits until done. Throws `refused` when the
 * stack's state does not allow it, `put-back` when it was rolled back, `failed` when a person is needed.
 */
export async function updateParameters(
  aws: Aws,
  name: string,
  changes: Readonly<Record<string, string>>,
  waiting: Waiting = {},
): Promise<'updated' | 'unchanged'> {
  const stack = await requireReady(aws, name)
  const { verb = 'roll', pollMs = [500, 2000] } = waiting
  const afterId = await newestEvent(aws, stack.id)
  const kept = Object.keys(stack.parameters).filter((key) => changes[key] === undefined)
  const Parameters: Parameter[] = [
    ...kept.map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true })),
    ...Object.entries(changes).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
  ]
  try {
    await aws.cloudFormation.send(
      new UpdateStackCommand({
        StackName: stack.id,
        UsePreviousTemplate: true,
        Parameters,
        Capabilities: ['CAPABILITY_NAMED_IAM'],
        ClientRequestToken: requestToken(verb),
      }),
    )
  } catch (error) {
    if (isNoChange(awsMessage(error))) return 'unchanged'
    throw error
  }
  const ended = await watchOperation(aws, { ...waiting, verb, pollMs, stack, afterId })
  if (ended.status === 'UPDATE_COMPLETE') return 'updated'
  const cause = rootCause(ended.events)
  throw stackFailure(name, 'update', ended, cause ? await failureDetails(aws, stack.id, cause) : [])
}

/**
 * Deletes a stack and waits until it is gone, also for a deletion already in progress. Throws `failed` with the
 * resource that could not be deleted, `refused` during an update or when the stack is protected.
 */
export async function deleteStack(aws: Aws, name: string, waiting: Waiting = {}): Promise<'deleted' | 'absent'> {
  const stack = await describeStack(aws, name)
  if (!stack) return 'absent'
  const { verb = 'destroy' } = waiting
  const { deletion, words } = stateOf(stack.status)
  if (deletion === 'refuse') throw await refusal(aws, stack)
  let ended = deletion === 'wait' ? await endUnderWay(aws, stack, { ...waiting, verb }, words) : undefined
  if (ended?.status !== 'DELETE_COMPLETE') {
    const afterId = await newestEvent(aws, stack.id)
    const command = new DeleteStackCommand({ StackName: stack.id, ClientRequestToken: requestToken(verb) })
    await aws.cloudFormation.send(command).catch((error: unknown) => {
      throw deletionFailure(stack, error)
    })
    const whileSilent = async () => ((await describeStack(aws, stack.id)) ? undefined : 'DELETE_COMPLETE')
    ended = await watchOperation(aws, { ...waiting, verb, stack, afterId, whileSilent })
  }
  if (ended.status !== 'DELETE_COMPLETE') throw stackFailure(stack.name, 'delete', ended)
  return 'deleted'
}

/** Waits for a deletion or rollback that was already in progress. */
async function endUnderWay(
  aws: Aws,
  stack: Stack,
  waiting: Waiting & { readonly verb: string },
  words: string,
): Promise<Ended> {
  waiting.progress?.event(`stack ${stack.name} ${words}: waiting for it to finish`)
  const operation = await newestOperation(aws, stack.id)
  const afterId = operation.findLast(({ isOfStack }) => isOfStack)?.id
  // Reads the event of the current state again, in case it has become the last one.
  const before = operation[operation.findIndex(({ id }) => id === afterId) - 1]?.id
  return watchOperation(aws, { ...waiting, stack, afterId: before })
}

function deletionFailure({ name }: Stack, cause: unknown): unknown {
  if (!/TerminationProtection/.test(awsMessage(cause))) return cause
  return new OperatorError('refused', `stack ${name} is protected against deletion`, {
    hint: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${name}`,
    cause,
  })
}

/** The stack, if it can be changed; otherwise throws the reason. */
export async function requireReady(aws: Aws, name: string): Promise<Stack> {
  const stack = await describeStack(aws, name)
  if (!stack) throw new OperatorError('refused', `there is no stack ${name}`, { hint: 'npm run deploy creates it' })
  if (stateOf(stack.status).condition !== 'ready') throw await refusal(aws, stack)
  return stack
}

/** Whether AWS rejected an operation because nothing would change. */
export function isNoChange(message: string): boolean {
  return /No updates are to be performed|didn't contain changes/i.test(message)
}

/** Names the operation, so that others see who began it: letters, digits and hyphens, at most 128. */
export function requestToken(verb: string): string {
  return `bakeroll-${verb}-${randomUUID()}`
}

function stackIn(found: Described): Stack {
  const record = <Entry>(
    entries: readonly Entry[] = [],
    pair: (entry: Entry) => readonly [string | undefined, string | undefined],
  ) => Object.fromEntries(entries.map(pair).map(([key = '', value = '']) => [key, value]))
  return {
    name: found.StackName ?? '',
    id: found.StackId ?? '',
    status: found.StackStatus ?? '',
    reason: found.StackStatusReason ?? '',
    parameters: record(found.Parameters, (one) => [one.ParameterKey, one.ParameterValue]),
    outputs: record(found.Outputs, (one) => [one.OutputKey, one.OutputValue]),
    tags: record(found.Tags, (one) => [one.Key, one.Value]),
  }
}

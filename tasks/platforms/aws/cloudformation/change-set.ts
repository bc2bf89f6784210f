import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Change,
  CreateChangeSetCommand,
  type CreateChangeSetOutput,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetOutput,
  ListChangeSetsCommand,
  type Parameter,
  paginateDescribeEvents,
} from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { awsMessage, isAwsError } from '../failures/failures.ts'
import { deleteStack, describeStack, isNoChange, requestToken } from './stacks.ts'
import { stateOf } from './states.ts'

export interface ChangeSetSpec {
  readonly name: string
  readonly body: string
  readonly parameters: readonly Parameter[]
  readonly tags: Readonly<Record<string, string>>
  readonly isNew: boolean
}

/** A change set that is ready to be executed. */
export interface ChangeSet {
  readonly id: string
  readonly stackId: string
  readonly changes: readonly Change[]
}

/**
 * Creates a change set and reads all its pages; undefined when nothing would change. Throws `refused` with AWS's reason
 * when CloudFormation rejects it. Leaves nothing behind but the change set that it returns.
 */
export async function makeChangeSet(aws: Aws, spec: ChangeSetSpec): Promise<ChangeSet | undefined> {
  let made: CreateChangeSetOutput
  try {
    made = await aws.cloudFormation.send(
      new CreateChangeSetCommand({
        StackName: spec.name,
        ChangeSetName: `bakeroll-${randomUUID()}`,
        ClientToken: requestToken('plan'),
        ChangeSetType: spec.isNew ? 'CREATE' : 'UPDATE',
        TemplateBody: spec.body,
        // service.yaml has named IAM resources, which must be allowed explicitly.
        Capabilities: ['CAPABILITY_NAMED_IAM'],
        Parameters: [...spec.parameters],
        Tags: Object.entries(spec.tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    )
  } catch (error) {
    if (isNoChange(awsMessage(error))) return undefined
    throw error
  }
  const { Id: id = '', StackId: stackId = '' } = made
  const described = await workedOut(aws, id).catch(async (error: unknown) => {
    await dropChangeSet(aws, { id, stackId }).catch(() => undefined)
    throw error
  })
  if (described.Status === 'CREATE_COMPLETE') return { id, stackId, changes: await allChanges(aws, described) }
  const details = await validationProblems(aws, stackId, id)
  await dropChangeSet(aws, { id, stackId })
  if (isNoChange(described.StatusReason ?? '')) return undefined
  const why = [described.StatusReason ?? 'no reason given', ...details].join('\n  ')
  throw new OperatorError('refused', `stack ${spec.name}: CloudFormation rejects the changes: ${why}`, {
    hint: 'nothing was changed; correct the settings and run it again',
  })
}

/** Deletes a change set, and the stack too when it never held anything but change sets and this is the last. */
export async function dropChangeSet(aws: Aws, { id, stackId }: Pick<ChangeSet, 'id' | 'stackId'>): Promise<void> {
  try {
    await aws.cloudFormation.send(new DeleteChangeSetCommand({ ChangeSetName: id }))
  } catch (error) {
    if (!isAwsError(error, 'ChangeSetNotFoundException', 'ChangeSetNotFound', 'ValidationError')) throw error
  }
  const stack = await describeStack(aws, stackId)
  if (!stack || stateOf(stack.status).condition !== 'review-only') return
  const { Summaries = [] } = await aws.cloudFormation.send(new ListChangeSetsCommand({ StackName: stackId }))
  const others = Summaries.filter((one) => one.ChangeSetId !== id && one.StackId === stackId)
  if (others.length === 0) await deleteStack(aws, stackId, { verb: 'plan', timeoutSeconds: 120 })
}

/** Waits for CloudFormation to compute the changes, which takes seconds; polls fast at first. */
async function workedOut(aws: Aws, ChangeSetName: string): Promise<DescribeChangeSetOutput> {
  const deadline = Date.now() + 300_000
  for (let pauseMs = 100; ; pauseMs = Math.min(2000, pauseMs * 1.6)) {
    const described = await aws.cloudFormation.send(
      new DescribeChangeSetCommand({ ChangeSetName, IncludePropertyValues: true }),
    )
    if (!/^CREATE_(PENDING|IN_PROGRESS)$/.test(described.Status ?? '')) return described
    if (Date.now() > deadline) {
      throw new OperatorError('refused', `CloudFormation has not computed the changes within 300 s: ${ChangeSetName}`)
    }
    await sleep(pauseMs)
  }
}

async function allChanges(aws: Aws, first: DescribeChangeSetOutput): Promise<Change[]> {
  const changes = [...(first.Changes ?? [])]
  for (let next = first.NextToken; next; ) {
    const wanted = { ChangeSetName: first.ChangeSetId ?? '', IncludePropertyValues: true, NextToken: next }
    const page: DescribeChangeSetOutput = await aws.cloudFormation.send(new DescribeChangeSetCommand(wanted))
    changes.push(...(page.Changes ?? []))
    next = page.NextToken
  }
  return changes
}

/**
 * Findings of CloudFormation's early validation
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html); empty when they cannot
 * be read.
 */
async function validationProblems(aws: Aws, StackName: string, ChangeSetName: string): Promise<string[]> {
  try {
    const found: string[] = []
    const wanted = { StackName, ChangeSetName, Filters: { FailedEvents: true } }
    for await (const { OperationEvents = [] } of paginateDescribeEvents({ client: aws.cloudFormation }, wanted)) {
      for (const { LogicalResourceId, ValidationStatusReason, ValidationPath } of OperationEvents) {
        if (ValidationStatusReason) found.push(`${ValidationPath ?? LogicalResourceId}: ${ValidationStatusReason}`)
      }
    }
    return found
  } catch {
    return []
  }
}

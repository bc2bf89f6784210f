import { TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling'
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { Progress } from '../../../lib/progress.ts'
import type { Aws } from '../clients.ts'
import { deleteStack, describeStack } from '../cloudformation/stacks.ts'
import { awsMessage, isAwsError } from '../failures/failures.ts'
import { groupTag, type Names } from '../names.ts'
import { scalingGroup } from './observation.ts'
import { removeOrphanedNetwork } from './orphaned-network.ts'
import { deleteRecord } from './record.ts'
import { deleteSecrets } from './secrets.ts'
import { unblockDeletion } from './unblock-deletion.ts'

/** Deletes the stacks of a group in dependency order, instances included, and then its secrets and its record. */
export async function deleteGroup(aws: Aws, names: Names, progress: Progress): Promise<void> {
  const stack = await describeStack(aws, names.serviceStack)
  const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
  if (scaling) await unblockDeletion(aws, scaling)
  const bucket = (await describeStack(aws, names.guardStack))?.outputs['TrailBucketName']
  await deleteStack(aws, names.guardStack, { progress })
  if (bucket !== undefined) {
    progress.warn(`the audit trail in bucket ${bucket} is kept; aws s3 rb s3://${bucket} --force removes it`)
  }
  await deleteStack(aws, names.serviceStack, { progress })
  const failure = await deleteStack(aws, names.networkStack, { progress }).then(
    () => undefined,
    (error: unknown) => error,
  )
  await removeOrphanedNetwork(aws, names).catch((error: unknown) => {
    throw failure === undefined ? error : whyLeft(failure, error)
  })
  if (failure !== undefined && (await describeStack(aws, names.networkStack))) throw failure
  await deleteSecrets(aws, names)
  await deleteRecord(aws, names)
}

/** The stack's own failure explains more than a later one here, unless that is a missing permission. */
function whyLeft(failure: unknown, error: unknown): unknown {
  const isOfOperator = failure instanceof OperatorError && error instanceof OperatorError
  if (!isOfOperator || !error.isLasting) return failure
  return new OperatorError(failure.kind, `${failure.message}; ${error.message}`, {
    hint: [failure.hint, error.hint].filter(Boolean).join('\n'),
    cause: failure,
    isLasting: true,
  })
}

/** Terminates a member of the group and lowers the desired capacity. */
export async function terminateMember(aws: Aws, names: Names, InstanceId: string): Promise<void> {
  const lookedFor = { InstanceId, ShouldDecrementDesiredCapacity: true }
  try {
    await aws.autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(lookedFor))
  } catch (error) {
    if (!isAwsError(error, 'ValidationError') || !/not found/i.test(awsMessage(error))) throw error
    // Auto Scaling has released it in the meantime, and replaces it or not by its own rules.
    await terminateOrphan(aws, names, InstanceId)
  }
}

/** Terminates an instance that is not in the Auto Scaling group but carries the group's tag; leaves any other alone. */
export async function terminateOrphan(aws: Aws, { group }: Names, id: string): Promise<void> {
  try {
    const { Reservations = [] } = await aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
    const machine = Reservations[0]?.Instances?.[0]
    const isOurs = machine?.Tags?.some(({ Key, Value }) => Key === groupTag && Value === group)
    const isGone = /^(shutting-down|terminated)$/.test(machine?.State?.Name ?? 'terminated')
    if (isOurs && !isGone) await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  } catch (error) {
    if (!isAwsError(error, 'InvalidInstanceID.NotFound')) throw error
  }
}

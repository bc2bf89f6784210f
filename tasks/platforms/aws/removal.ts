import {
  DeleteWarmPoolCommand,
  ExitStandbyCommand,
  type Instance as Member,
  SetInstanceProtectionCommand,
} from '@aws-sdk/client-auto-scaling'
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import type { Progress } from '../../lib/progress.ts'
import type { Aws } from './clients.ts'
import { isAwsError } from './failures.ts'
import { groupTag, type Names } from './names.ts'
import { scalingGroup } from './observation.ts'
import { deleteRecord } from './record.ts'
import { nameOf } from './scaling.ts'
import { removeStrays } from './strays.ts'
import { deleteStack, describeStack } from './stacks.ts'

/** Removes the stacks of a group in the order that their references allow, instances with them, and its record. */
export async function removeEverything(aws: Aws, names: Names, progress: Progress): Promise<void> {
  await freeInstances(aws, names)
  await deleteStack(aws, names.guardStack, { progress })
  await deleteStack(aws, names.serviceStack, { progress })
  const failure = await deleteStack(aws, names.networkStack, { progress }).then(
    () => undefined,
    (error: unknown) => error,
  )
  await removeStrays(aws, names)
  if (failure !== undefined && (await describeStack(aws, names.networkStack))) throw failure
  await deleteRecord(aws, names)
}

/** Ends an instance that is no member of the Auto Scaling group but carries the group's tag; any other stays. */
export async function endStray(aws: Aws, { group }: Names, id: string): Promise<void> {
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

/** What holds an Auto Scaling group against its deletion: instances in standby or protected, and a warm pool. */
async function freeInstances(aws: Aws, names: Names): Promise<void> {
  const stack = await describeStack(aws, names.serviceStack)
  const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
  if (!scaling) return
  const { Instances = [] } = scaling
  const idsWhere = (holds: (one: Member) => boolean) => Instances.filter(holds).map(({ InstanceId = '' }) => InstanceId)
  if (scaling.WarmPoolConfiguration) {
    await aws.autoScaling.send(new DeleteWarmPoolCommand({ ...nameOf(scaling), ForceDelete: true }))
  }
  const standby = idsWhere(({ LifecycleState }) => LifecycleState === 'Standby')
  if (standby.length > 0) {
    await aws.autoScaling.send(new ExitStandbyCommand({ ...nameOf(scaling), InstanceIds: standby }))
  }
  for (const some of chunks(
    idsWhere(({ ProtectedFromScaleIn }) => ProtectedFromScaleIn === true),
    50,
  )) {
    const InstanceIds = some
    await aws.autoScaling.send(
      new SetInstanceProtectionCommand({ ...nameOf(scaling), InstanceIds, ProtectedFromScaleIn: false }),
    )
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))
}

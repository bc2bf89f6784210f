import {
  type AutoScalingGroup,
  DeleteWarmPoolCommand,
  ExitStandbyCommand,
  type Instance as Member,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import type { Aws } from '../clients.ts'
import { nameOf } from './scaling.ts'

/**
 * Removes what blocks the deletion of an Auto Scaling group: a warm pool, instances in standby or protected, suspended
 * `Launch` or `Terminate`.
 */
export async function unblockDeletion(aws: Aws, scaling: AutoScalingGroup): Promise<void> {
  const group = nameOf(scaling)
  if (scaling.WarmPoolConfiguration && scaling.WarmPoolConfiguration.Status !== 'PendingDelete') {
    await aws.autoScaling.send(new DeleteWarmPoolCommand({ ...group, ForceDelete: true }))
  }
  const suspended = new Set(scaling.SuspendedProcesses?.map(({ ProcessName }) => ProcessName))
  const needed = ['Launch', 'Terminate'].filter((name) => suspended.has(name))
  if (needed.length > 0) {
    await aws.autoScaling.send(new ResumeProcessesCommand({ ...group, ScalingProcesses: needed }))
  }
  await endStandby(aws, scaling)
  for (const InstanceIds of chunks(idsWhere(scaling, isProtected), 50)) {
    await aws.autoScaling.send(new SetInstanceProtectionCommand({ ...group, InstanceIds, ProtectedFromScaleIn: false }))
  }
}

/** Leaving standby raises the desired capacity, so the maximum may have to rise first. */
async function endStandby(aws: Aws, scaling: AutoScalingGroup): Promise<void> {
  const ids = idsWhere(scaling, ({ LifecycleState }) => LifecycleState === 'Standby')
  if (ids.length === 0) return
  const { DesiredCapacity = 0, MaxSize = 0 } = scaling
  const capacity = DesiredCapacity + ids.length
  if (capacity > MaxSize) {
    await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(scaling), MaxSize: capacity }))
  }
  for (const InstanceIds of chunks(ids, 20)) {
    await aws.autoScaling.send(new ExitStandbyCommand({ ...nameOf(scaling), InstanceIds }))
  }
}

function isProtected({ ProtectedFromScaleIn }: Member): boolean {
  return ProtectedFromScaleIn === true
}

function idsWhere({ Instances = [] }: AutoScalingGroup, holds: (one: Member) => boolean): string[] {
  return Instances.filter(holds).map(({ InstanceId = '' }) => InstanceId)
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))
}

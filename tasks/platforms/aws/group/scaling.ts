import { isDeepStrictEqual } from 'node:util'
import {
  type AutoScalingGroup,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import type { Aws } from '../clients.ts'
import type { Names } from '../names.ts'
import { type GroupRecord, type Undo, writeRecord } from './record.ts'

/**
 * The scaling processes that would interfere with a verb that changes the instances
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html): one ends old instances when the
 * group grows, two change its size in the middle, one ends what a drain has taken out of the load balancer.
 */
export const interferingProcesses = [
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
  'ReplaceUnhealthy',
] as const

/** The group's record and its Auto Scaling group, as they were read last. */
export interface ScalingState {
  readonly record: GroupRecord
  readonly scaling: AutoScalingGroup
}

/**
 * Suspends the interfering processes that run. They are written down first, so that whoever comes after a crash knows which
 * ones to resume; what the operator had suspended stays so. The size that the group has now is written down, too: from here
 * on its desired capacity goes up and down.
 */
export async function suspendProcesses(
  aws: Aws,
  names: Names,
  { record, scaling }: ScalingState,
): Promise<GroupRecord> {
  const already = new Set((scaling.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName))
  const running = interferingProcesses.filter((name) => !already.has(name))
  if (running.length === 0 && record.size !== undefined) return record
  const sized = { ...record, size: record.size ?? scaling.DesiredCapacity ?? 0 }
  const suspended = [...new Set([...(record.undo?.suspended ?? []), ...running])]
  const changed = await noteUndo(aws, names, sized, suspended.length > 0 ? { suspended } : {})
  if (running.length > 0) {
    await aws.autoScaling.send(new SuspendProcessesCommand({ ...nameOf(scaling), ScalingProcesses: [...running] }))
  }
  return changed
}

/** Raises the maximum of the group to `capacity` where that is above it; written down first. */
export async function raiseMaxSize(aws: Aws, names: Names, { record, scaling }: ScalingState, capacity: number) {
  const maxSize = scaling.MaxSize ?? 0
  if (capacity <= maxSize) return record
  const changed = await noteUndo(aws, names, record, { maxSize: record.undo?.maxSize ?? maxSize })
  await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(scaling), MaxSize: capacity }))
  return changed
}

/** Lowers the minimum of the group to `capacity` where that is below it; written down first. */
export async function lowerMinSize(aws: Aws, names: Names, { record, scaling }: ScalingState, capacity: number) {
  const minSize = scaling.MinSize ?? 0
  if (capacity >= minSize) return record
  const changed = await noteUndo(aws, names, record, { minSize: record.undo?.minSize ?? minSize })
  await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(scaling), MinSize: capacity }))
  return changed
}

/** Sets the desired capacity, at once. */
export async function setDesiredCapacity(aws: Aws, scaling: AutoScalingGroup, capacity: number): Promise<void> {
  await aws.autoScaling.send(
    new SetDesiredCapacityCommand({ ...nameOf(scaling), DesiredCapacity: capacity, HonorCooldown: false }),
  )
}

/**
 * Puts back what verbs changed for their own time: resumes processes, restores minimum and maximum as far as that ends no
 * instance; the rest stays written down. Gives back what it did, in words.
 */
export async function restoreLimits(
  aws: Aws,
  names: Names,
  { record, scaling }: ScalingState,
): Promise<{ record: GroupRecord; done: string[] }> {
  const { undo, ...rest } = record
  if (undo === undefined) return { record, done: [] }
  const { sizes, left } = restorable(undo, scaling.DesiredCapacity ?? 0)
  if (isDeepStrictEqual(undo, left)) return { record, done: [] }
  const done: string[] = []
  if (undo.suspended !== undefined && undo.suspended.length > 0) {
    await aws.autoScaling.send(
      new ResumeProcessesCommand({ ...nameOf(scaling), ScalingProcesses: [...undo.suspended] }),
    )
    done.push(`resumed the scaling processes ${undo.suspended.join(', ')}`)
  }
  if (sizes.MinSize !== undefined || sizes.MaxSize !== undefined) {
    await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(scaling), ...sizes }))
    done.push(`put the limits of the group's size back`)
  }
  const changed = Object.keys(left).length > 0 ? { ...rest, undo: left } : rest
  await writeRecord(aws, names, changed)
  return { record: changed, done }
}

/**
 * The limits that can be restored at this capacity, and what must wait: a maximum below the desired capacity would end
 * instances. A minimum above it makes Auto Scaling launch what is promised and missing.
 */
export function restorable(undo: Undo, desired: number): { sizes: { MinSize?: number; MaxSize?: number }; left: Undo } {
  const { minSize, maxSize, launchTemplateVersion } = undo
  const canMax = maxSize !== undefined && maxSize >= desired
  return {
    sizes: { ...(minSize === undefined ? {} : { MinSize: minSize }), ...(canMax ? { MaxSize: maxSize } : {}) },
    left: {
      ...(maxSize === undefined || canMax ? {} : { maxSize }),
      // The engine that pinned the version puts it back, when it knows which image has won.
      ...(launchTemplateVersion === undefined ? {} : { launchTemplateVersion }),
    },
  }
}

/** The name of a group as the API wants it. */
export function nameOf({ AutoScalingGroupName = '' }: AutoScalingGroup): { AutoScalingGroupName: string } {
  return { AutoScalingGroupName }
}

async function noteUndo(aws: Aws, names: Names, record: GroupRecord, undo: Undo): Promise<GroupRecord> {
  const all = { ...record.undo, ...undo }
  const changed = Object.keys(all).length > 0 ? { ...record, undo: all } : record
  await writeRecord(aws, names, changed)
  return changed
}

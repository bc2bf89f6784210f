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
 * Scaling processes that interfere with a verb that changes the instances
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html): one terminates old
 * instances when the group grows, two change its size midway, one terminates drained instances.
 */
export const interferingProcesses = [
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
  'ReplaceUnhealthy',
] as const

/** As last read. */
export interface ScalingState {
  readonly record: GroupRecord
  readonly scaling: AutoScalingGroup
}

/**
 * Suspends the interfering processes that are active. Records them first, so that they can be resumed after a crash;
 * those that the operator suspended stay suspended. Records the current size too, because the desired capacity goes up
 * and down from here on.
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

/** Raises the maximum size to at least `capacity`; records the old value first. */
export async function raiseMaxSize(aws: Aws, names: Names, { record, scaling }: ScalingState, capacity: number) {
  const maxSize = scaling.MaxSize ?? 0
  if (capacity <= maxSize) return record
  const changed = await noteUndo(aws, names, record, { maxSize: record.undo?.maxSize ?? maxSize })
  await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(scaling), MaxSize: capacity }))
  return changed
}

/** Lowers the minimum size to at most `capacity`; records the old value first. */
export async function lowerMinSize(aws: Aws, names: Names, { record, scaling }: ScalingState, capacity: number) {
  const minSize = scaling.MinSize ?? 0
  if (capacity >= minSize) return record
  const changed = await noteUndo(aws, names, record, { minSize: record.undo?.minSize ?? minSize })
  await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...nameOf(scaling), MinSize: capacity }))
  return changed
}

/** Without cooldown. */
export async function setDesiredCapacity(aws: Aws, scaling: AutoScalingGroup, capacity: number): Promise<void> {
  await aws.autoScaling.send(
    new SetDesiredCapacityCommand({ ...nameOf(scaling), DesiredCapacity: capacity, HonorCooldown: false }),
  )
}

/**
 * Undoes temporary changes: resumes processes, and restores minimum and maximum as far as that terminates no instance;
 * the rest stays recorded. Returns what it did, in words.
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
    done.push(`restored the limits of the group's size`)
  }
  const changed = Object.keys(left).length > 0 ? { ...rest, undo: left } : rest
  await writeRecord(aws, names, changed)
  return { record: changed, done }
}

/**
 * The limits that can be restored at this capacity, and what must wait: a maximum below the desired capacity would
 * terminate instances. A minimum above it only makes Auto Scaling launch missing instances.
 */
export function restorable(undo: Undo, desired: number): { sizes: { MinSize?: number; MaxSize?: number }; left: Undo } {
  const { minSize, maxSize, launchTemplateVersion } = undo
  const canMax = maxSize !== undefined && maxSize >= desired
  return {
    sizes: { ...(minSize === undefined ? {} : { MinSize: minSize }), ...(canMax ? { MaxSize: maxSize } : {}) },
    left: {
      ...(maxSize === undefined || canMax ? {} : { maxSize }),
      // The engine that pinned the version restores it, once it knows which image has won.
      ...(launchTemplateVersion === undefined ? {} : { launchTemplateVersion }),
    },
  }
}

export function nameOf({ AutoScalingGroupName = '' }: AutoScalingGroup): { AutoScalingGroupName: string } {
  return { AutoScalingGroupName }
}

async function noteUndo(aws: Aws, names: Names, record: GroupRecord, undo: Undo): Promise<GroupRecord> {
  const all = { ...record.undo, ...undo }
  const changed = Object.keys(all).length > 0 ? { ...record, undo: all } : record
  await writeRecord(aws, names, changed)
  return changed
}

import type { GroupChange, RollRecord } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { describeStack, requireReady, updateParameters, type Waiting } from '../cloudformation/stacks.ts'
import type { Names } from '../names.ts'
import { type Observed, scalingGroup } from './observation.ts'
import { type GroupRecord, readRecord, type Undo, writeRecord } from './record.ts'
import { restoreLimits } from './scaling.ts'

/**
 * Changes the group's record and, if needed, its stack. Writes the record first, so that the intent survives a crash.
 */
export async function changeGroup(
  aws: Aws,
  names: Names,
  { stack, record, scaling }: Observed,
  change: GroupChange,
  waiting: Waiting = {},
): Promise<void> {
  const limits = limitsFor(change.size, stack.parameters)
  const image = change.imageId === undefined ? {} : { ImageId: change.imageId }
  const wanted = { ...inParameters(limits), ...image }
  // Check before writing: a size recorded but never reached would block every other verb.
  const isOther = !hasParameters(stack, wanted)
  if (isOther) await requireReady(aws, stack.name)
  await writeRecord(aws, names, changedRecord(record, change, { desired: scaling.DesiredCapacity ?? 0, limits }))
  if (isOther) await updateParameters(aws, stack.name, wanted, waiting)
}

export function hasParameters({ parameters }: Observed['stack'], wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => parameters[key] === value)
}

/** Undoes a verb's temporary changes, and clears the requested size once the group has it. */
export async function settle(aws: Aws, names: Names): Promise<void> {
  const [stack, record] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
  const scaling = await scalingGroup(aws, stack?.outputs['AutoScalingGroupName'])
  if (!record || !scaling) return
  const { record: after } = await restoreLimits(aws, names, { record, scaling })
  if (after.roll !== undefined || after.size === undefined || after.size !== scaling.DesiredCapacity) return
  const { size: _, ...settled } = after
  await writeRecord(aws, names, settled)
}

type Limits = Pick<Undo, 'minSize' | 'maxSize'>

/** A size outside the stack's limits changes them permanently; within them, scaling is free. */
export function limitsFor(size: number | undefined, parameters: Readonly<Record<string, string>>): Limits {
  if (size === undefined) return {}
  return {
    ...(Number(parameters['MaxSize']) < size ? { maxSize: size } : {}),
    ...(Number(parameters['MinSize']) > size ? { minSize: size } : {}),
  }
}

function inParameters({ minSize, maxSize }: Limits): Record<string, string> {
  return {
    ...(minSize === undefined ? {} : { MinSize: String(minSize) }),
    ...(maxSize === undefined ? {} : { MaxSize: String(maxSize) }),
  }
}

/**
 * The record after a change. A requested size is kept until the group has it; during a roll, the size from before the
 * roll is kept. New limits are also the ones to restore.
 */
export function changedRecord(
  record: GroupRecord,
  { roll, inPlace, imageId: _, ...rest }: GroupChange,
  { desired, limits }: { readonly desired: number; readonly limits: Limits },
): GroupRecord {
  const { roll: before, inPlace: found, ...same } = { ...record, ...rest }
  const placed = inPlace === null ? undefined : (inPlace ?? found)
  const kept = placed ? { ...same, inPlace: short(placed) } : same
  const undo = kept.undo && { undo: { ...kept.undo, ...onlyKnown(kept.undo, limits) } }
  const next: RollRecord | undefined = roll === null ? undefined : (roll ?? before)
  return next ? { ...kept, ...undo, size: kept.size ?? desired, roll: short(next) } : { ...kept, ...undo }
}

function onlyKnown(undo: Undo, { minSize, maxSize }: Limits): Limits {
  return {
    ...(undo.minSize === undefined || minSize === undefined ? {} : { minSize }),
    ...(undo.maxSize === undefined || maxSize === undefined ? {} : { maxSize }),
  }
}

/** An SSM parameter holds 4,096 characters; a reason may be longer. */
function short<T extends { readonly reason?: string }>(one: T): T {
  return one.reason === undefined || one.reason.length <= 1000 ? one : { ...one, reason: one.reason.slice(0, 1000) }
}

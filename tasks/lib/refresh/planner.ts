import type { Group, RollRecord } from '../platform.ts'
import { targetImageId } from '../roll/fleet.ts'
import { rolledBack } from '../roll/record.ts'
import type { RefreshState } from './port.ts'

/** A roll that the platform may be carrying out. */
export type RefreshRecord = RollRecord

export interface RefreshEnd {
  /** `overtaken`: it finished before it could be rolled back. */
  readonly outcome: 'rolled' | 'rolled-back' | 'overtaken' | 'failed'
  /** The image that the group wants from now on. */
  readonly imageId: string
  /** The record from now on; `null` when the roll is finished. */
  readonly roll: RefreshRecord | null
  readonly reason?: string
}

/** What to do about a refresh in progress when a roll is requested. */
export type RefreshMove =
  | { readonly do: 'follow' | 'roll back'; readonly record: RefreshRecord }
  | { readonly do: 'refuse'; readonly because: string; readonly hint: string }

const ended = ['Successful', 'Failed', 'Cancelled', 'RollbackFailed', 'RollbackSuccessful']

export function hasEnded({ status }: RefreshState): boolean {
  return ended.includes(status)
}

/** Whether `state` is the refresh that `record` describes. */
export function isOf(record: RefreshRecord | undefined, state: RefreshState | undefined): state is RefreshState {
  if (record?.refresh === undefined || state === undefined || state.id === record.refresh.after) return false
  return state.imageId === undefined || [record.imageId, record.previousImageId].includes(state.imageId)
}

export function goesForward({ status }: RefreshState): boolean {
  return status === 'Pending' || status === 'InProgress' || status === 'Baking'
}

/** `wanted` is the record of the requested roll; undefined when there is nothing to roll. */
export function nextMove(
  current: RefreshRecord | undefined,
  wanted: RollRecord | undefined,
  state: RefreshState,
): RefreshMove {
  const progress = `${state.imageId ?? 'another image'} is under way (${state.percentageComplete} %)`
  if (!wanted || !isOf(current, state) || current?.refresh === undefined) {
    return {
      do: 'refuse',
      because: `an instance refresh to ${progress}, which bakeroll did not start`,
      hint: `wait for it to end, or cancel it: aws autoscaling cancel-instance-refresh; its id is ${state.id}`,
    }
  }
  const { refresh } = current
  const isSame = wanted.imageId === current.imageId
  const record = isSame ? current : { ...wanted, refresh }
  const isForward = goesForward(state)
  if (targetImageId(record) === (state.imageId ?? targetImageId(current))) return { do: 'follow', record }
  if (isSame || wanted.imageId === current.previousImageId) return { do: isForward ? 'roll back' : 'follow', record }
  return {
    do: 'refuse',
    because: `an instance refresh to ${progress}`,
    hint: 'npm run roll -- --engine refresh follows it; npm run rollback -- --engine refresh rolls it back',
  }
}

/** How a refresh ended, and how that leaves the group. A failed one leaves a roll that any engine can resume. */
export function endOf(record: RefreshRecord, state: RefreshState): RefreshEnd {
  const { refresh: _, ...plain } = record
  const to = state.imageId ?? targetImageId(record)
  const origin = to === record.imageId ? record.previousImageId : record.imageId
  const reason = record.reason ?? state.reason
  if (state.status === 'Successful') {
    if (to === record.imageId) return { outcome: 'rolled', imageId: to, roll: null }
    if (!record.rollingBack) return { outcome: 'overtaken', imageId: to, roll: null }
    return { outcome: 'rolled-back', imageId: to, roll: null, reason: reason ?? 'the rollback was finished' }
  }
  if (state.status === 'RollbackSuccessful') {
    const why = reason ?? 'the instance refresh was rolled back'
    return { outcome: to === record.imageId ? 'rolled-back' : 'rolled', imageId: origin, roll: null, reason: why }
  }
  const because = reason ?? `the instance refresh is ${state.status}`
  const turns = state.status !== 'Cancelled' && !record.rollingBack && to === record.imageId
  const roll = turns ? rolledBack(plain, because) : plain
  return { outcome: 'failed', imageId: targetImageId(roll), roll, reason: because }
}

export function changeAtEnd(
  record: RefreshRecord,
  end: RefreshEnd,
): { previousImageId?: Group['imageId']; roll: RefreshRecord | null } {
  const servedBefore = end.outcome === 'rolled' ? record.previousImageId : undefined
  const isOther = servedBefore !== undefined && servedBefore !== end.imageId
  return { ...(isOther ? { previousImageId: servedBefore } : {}), roll: end.roll }
}

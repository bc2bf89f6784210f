import { secondsSince } from '../clock.ts'
import { OperatorError } from '../errors.ts'
import { holdingLock } from '../group-lock.ts'
import { resolveImage } from '../image-choice.ts'
import { throwIfInterrupted } from '../interruption.ts'
import { noGroup } from '../no-group.ts'
import type { Group, Platform, RollRecord } from '../platform.ts'
import { runBeforeRoll } from '../roll/before-roll.ts'
import { targetImageId } from '../roll/fleet.ts'
import { countOutdated, openRecord, refuseLosingRelease, replacedBetween } from '../roll/record.ts'
import { rollGroup } from '../roll/roll.ts'
import type { RollResult, RollTask } from '../roll/task.ts'
import { followRefresh } from './follow.ts'
import { changeAtEnd, endOf, hasEnded, isOf, nextMove, type RefreshEnd, type RefreshRecord } from './planner.ts'
import type { Refresh, RefreshState } from './port.ts'

/** The probe is not used, and `pollMs` defaults to 5 s. */
export type RefreshTask = RollTask

/** Whether the roll in progress was handed to the platform, so that only this engine can resume it. */
export function isRefreshing(group: Group | undefined): boolean {
  return group?.roll?.refresh !== undefined
}

/**
 * Hands a roll to the platform and follows it; promises, outcomes and failures are those of `rollGroup`. When the
 * client stops or dies the refresh continues, and the same command follows it again. A dry run forecasts the same
 * steps.
 */
export async function refreshGroup(task: RefreshTask): Promise<RollResult> {
  const { refresh } = task.platform
  if (!refresh)
    throw new OperatorError('usage', `${task.platform.name} has no instance refresh`, { hint: 'npm run roll' })
  if (task.dryRun) return rollGroup(task)
  return holdingLock('roll', task, () => refreshLocked(task, refresh))
}

async function refreshLocked(task: RefreshTask, refresh: Refresh): Promise<RollResult> {
  const { platform, clock, policy, progress } = task
  const startedMs = clock.now()
  const before = await existingGroup(platform)
  const image = resolveImage(await platform.images(), task.image, before, platform.service)
  const run: Run = { task, refresh, before, startedMs }
  const current = before.roll
  const state = await refresh.look()
  if (current && isOf(current, state) && hasEnded(state)) {
    progress.event(`the instance refresh to ${state.imageId ?? current.imageId} had ended: ${state.status}`)
    return resultOf(run, image.id, current, await conclude(run, current, state))
  }
  refuseLosingRelease(task, before, image)
  const record = openRecord(before, image.id, { force: policy.force, isRollback: task.isRollback }, startedMs)
  if (state && !hasEnded(state)) {
    const joined = await join(run, current, record, state)
    return follow(run, image.id, joined)
  }
  if (!record) return { outcome: 'unchanged', image: image.id, replaced: [], seconds: 0 }
  await runBeforeRoll(task, before, image)
  throwIfInterrupted('roll', task.signal)
  return follow(run, image.id, await begin(run, record, state))
}

interface Run {
  readonly task: RefreshTask
  readonly refresh: Refresh
  readonly before: Group
  readonly startedMs: number
}

/** Follows the refresh in progress, or rolls it back if that is what was requested. */
async function join(
  { task, refresh, before }: Run,
  current: RefreshRecord | undefined,
  wanted: RollRecord | undefined,
  state: RefreshState,
): Promise<RefreshRecord> {
  const { platform, progress } = task
  const move = nextMove(current, wanted, state)
  if (move.do === 'refuse') throw new OperatorError('refused', move.because, { hint: move.hint })
  if (move.record !== before.roll) await platform.updateGroup({ roll: move.record })
  progress.event(
    move.do === 'follow'
      ? `following the instance refresh to ${state.imageId ?? targetImageId(move.record)}`
      : `rolling back the instance refresh to ${state.imageId}`,
  )
  if (move.do === 'roll back') await refresh.rollBack()
  return move.record
}

/** Records the refresh before starting it. */
async function begin(run: Run, record: RefreshRecord, newest: RefreshState | undefined): Promise<RefreshRecord> {
  const { task, refresh, before } = run
  const { platform, policy, progress } = task
  const begun: RefreshRecord = { ...record, refresh: { after: newest?.id ?? '' } }
  const target = targetImageId(begun)
  const outdated = countOutdated(before, { ...begun, imageId: target })
  progress.event(`rolling ${outdated} of ${before.instances.length} instances to ${target} by an instance refresh`)
  await platform.updateGroup({ roll: begun })
  for (const mended of await platform.repairLoadBalancer()) progress.event(mended)
  const spec = {
    imageId: target,
    from: begun.rollingBack ? undefined : begun.previousImageId,
    policy: { ...policy, force: begun.force },
    size: before.size,
    heedsAlarms: target !== before.previousImageId && !begun.rollingBack,
  }
  await refresh.start(spec).catch((error) => putBack(run, begun, error))
  return begun
}

/** Undoes a failed start, unless only its answer was lost and the refresh is in progress after all. */
async function putBack({ task, refresh, before }: Run, begun: RefreshRecord, error: unknown): Promise<void> {
  if (!(error instanceof OperatorError)) throw error
  const state = await refresh.look()
  if (isOf(begun, state) && !hasEnded(state)) return
  await refresh.end(before.imageId)
  await task.platform.updateGroup({ roll: before.roll ?? null })
  throw new OperatorError('put-back', `no instance refresh was started: ${error.message}`, {
    hint: error.hint ?? 'npm run roll replaces the instances without one',
    cause: error,
  })
}

async function follow(run: Run, wantedId: string, begun: RefreshRecord): Promise<RollResult> {
  const { state, record } = await followRefresh(run.task, run.refresh, begun)
  return resultOf(run, wantedId, record, await conclude(run, record, state))
}

/** Updates the group to how the refresh ended. Can be repeated. */
async function conclude(
  { task, refresh, before }: Run,
  record: RefreshRecord,
  state: RefreshState,
): Promise<RefreshEnd> {
  const end = endOf(record, state)
  await refresh.end(end.imageId)
  const placed = before.inPlace && end.outcome === 'rolled' ? { inPlace: null } : {}
  await task.platform.updateGroup({ ...changeAtEnd(record, end), ...placed })
  return end
}

/** The result, if the requested roll is what ended; else carries out the requested one. */
async function resultOf(run: Run, wantedId: string, record: RefreshRecord, end: RefreshEnd): Promise<RollResult> {
  const { task, before, startedMs, refresh } = run
  const isAsked = record.imageId === wantedId
  if (end.outcome === 'failed') {
    if (isAsked) throw failedRefresh(record, end)
    task.progress.warn(`the instance refresh to ${record.imageId} failed: ${end.reason}`)
  }
  if (!isAsked || end.outcome === 'overtaken' || end.outcome === 'failed') return refreshLocked(task, refresh)
  return {
    outcome: end.outcome,
    image: end.imageId,
    replaced: end.outcome === 'rolled' ? replacedBetween(before, await existingGroup(task.platform)) : [],
    seconds: secondsSince(startedMs, task.clock.now()),
    ...(end.outcome === 'rolled-back' && end.reason !== undefined ? { reason: end.reason } : {}),
  }
}

function failedRefresh(record: RefreshRecord, { imageId, reason }: RefreshEnd): OperatorError {
  const isBack = imageId !== record.imageId
  return new OperatorError('failed', `the instance refresh to ${record.imageId} failed: ${reason}`, {
    hint: isBack
      ? `npm run status shows what serves; npm run roll rolls back to ${imageId}, npm run roll -- --image ID rolls to another image`
      : 'npm run status shows what serves; npm run roll carries on, npm run rollback goes back',
  })
}

async function existingGroup(platform: Platform): Promise<Group> {
  const group = await platform.group()
  if (group) return group
  throw noGroup(platform)
}

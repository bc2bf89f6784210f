import { secondsSince } from '../clock.ts'
import { OperatorError } from '../errors.ts'
import { holdingLock } from '../group-lock.ts'
import { watchGroup } from '../group-watch.ts'
import { resolveImage, rollbackImageId } from '../image-choice.ts'
import { throwIfInterrupted } from '../interruption.ts'
import { noGroup } from '../no-group.ts'
import type { Group, Platform, RollRecord } from '../platform.ts'
import type { Progress } from '../progress.ts'
import { runBeforeRoll } from './before-roll.ts'
import { type EventLog, type OfNow, openEventLog } from './event-log.ts'
import type { RollEnd } from './events.ts'
import { targetImageId } from './fleet.ts'
import { forecastSteps } from './forecast.ts'
import { carryOut } from './loop.ts'
import type { RollPolicy } from './policy.ts'
import { openRecord, refuseLosingRelease, replacedBetween } from './record.ts'
import { newRun } from './run.ts'
import { emptyMemory } from './snapshot.ts'
import type { RollResult, RollTask } from './task.ts'

/**
 * Replaces the instances that do not run the image, and rolls back when the image fails. Resumes an unfinished roll.
 * Throws `usage` for an image that cannot be rolled to, `interrupted`, and `failed` when the rollback fails too.
 */
export async function rollGroup(task: RollTask): Promise<RollResult> {
  if (task.dryRun) return planRoll(task)
  return holdingLock('roll', task, async () => {
    const startedMs = task.clock.now()
    const before = await existingGroup(task.platform)
    const image = resolveImage(await task.platform.images(), task.image, before, task.platform.service)
    const { force } = task.policy
    refuseLosingRelease(task, before, image)
    const record = openRecord(before, image.id, { force, isRollback: task.isRollback }, startedMs)
    if (!record) return { outcome: 'unchanged', image: image.id, replaced: [], seconds: 0 }
    await runBeforeRoll(task, before, image)
    throwIfInterrupted('roll', task.signal)
    const story = tellStory(task, before, record, startedMs)
    try {
      const told = { ...task, progress: withWarnings(task.progress, story.eventLog) }
      const { outcome, group, reason } = await carryOut(newRun(told, startedMs), before, record, story.eventLog)
      return { outcome, ...story.end(outcome, group, reason) }
    } catch (error) {
      if (error instanceof OperatorError) story.end(endOf(error), before, error.message)
      throw error
    }
  })
}

/** A roll to the image that served before; refused when there is none. */
export async function asRollback(task: Omit<RollTask, 'image'>): Promise<RollTask> {
  return { ...task, isRollback: true, image: rollbackImageId(await existingGroup(task.platform)) }
}

/** Reports the start of a roll to the event log; `end` reports its end and returns the facts of the result. */
function tellStory({ onEvent, policy, clock }: RollTask, before: Group, record: RollRecord, startedMs: number) {
  const eventLog = openEventLog(onEvent, policy, () => clock.now())
  eventLog.tell(beganEvent(before, record, policy))
  const end = (outcome: RollEnd, after: Group, reason?: string) => {
    const replaced = outcome === 'rolled-back' ? [] : replacedBetween(before, after)
    const seconds = secondsSince(startedMs, clock.now())
    const imageId = after.imageId
    const why = reason === undefined ? {} : { reason }
    eventLog.tell({ event: 'ended', outcome, imageId, replaced: replaced.length, seconds, ...why })
    return { image: imageId, replaced, seconds, ...why }
  }
  return { eventLog, end }
}

async function planRoll({ platform, probe, clock, policy, image: wanted }: RollTask): Promise<RollResult> {
  const group = await existingGroup(platform)
  const image = resolveImage(await platform.images(), wanted, group, platform.service)
  refuseLosingRelease({ image: wanted, policy }, group, image)
  const startedMs = clock.now()
  const record = openRecord(group, image.id, { force: policy.force }, startedMs)
  if (!record) return { outcome: 'unchanged', image: image.id, replaced: [], seconds: 0 }
  const imageId = targetImageId(record)
  const choose = ({ instances }: Group) => instances.filter((one) => one.imageId === imageId)
  const seen = await watchGroup({ platform, probe, clock }, { probesNeeded: 1, choose }).look()
  const future = {
    group: { ...group, imageId, roll: record },
    readiness: seen?.readiness ?? new Map(),
    nowMs: clock.now(),
  }
  const steps = forecastSteps({ ...future, ...emptyMemory(startedMs), record }, policy)
  return { outcome: 'planned', image: imageId, replaced: [], seconds: secondsSince(startedMs, clock.now()), steps }
}

async function existingGroup(platform: Platform): Promise<Group> {
  const group = await platform.group()
  if (group) return group
  throw noGroup(platform)
}

/** Sends warnings to the event log, too. */
function withWarnings(progress: Progress, eventLog: EventLog): Progress {
  return {
    ...progress,
    warn(message) {
      progress.warn(message)
      eventLog.tell({ event: 'warning', message })
    },
  }
}

function beganEvent(group: Group, record: RollRecord, policy: RollPolicy): OfNow {
  const { name, size } = group
  const { imageId, previousImageId } = record
  return {
    event: 'began',
    group: name,
    imageId,
    previousImageId,
    size,
    policy: { ...policy, force: record.force },
    resumed: record === group.roll,
  }
}

function endOf({ kind }: OperatorError): RollEnd {
  return kind === 'refused' || kind === 'interrupted' ? kind : 'failed'
}

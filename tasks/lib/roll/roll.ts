import type { Group, Platform, RollRecord } from '../../platforms/platform.ts'
import { type Clock, secondsSince } from '../clock.ts'
import { OperatorError } from '../errors.ts'
import type { Probe } from '../evidence.ts'
import { holdingLock } from '../group-lock.ts'
import { watchGroup } from '../group-watch.ts'
import { resolveImage, rollbackImageId } from '../image-choice.ts'
import { instanceLines } from '../instance-lines.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import type { Progress } from '../progress.ts'
import { act, type RollRun } from './actions.ts'
import { targetImageId } from './fleet.ts'
import type { RollJournal } from './events.ts'
import { forecastSteps } from './forecast.ts'
import type { RollHooks } from './hooks.ts'
import { nextSteps, type Step } from './planner.ts'
import type { RollPolicy } from './policy.ts'
import { countOutdated, openRecord, replacedBetween } from './record.ts'

/** What a roll works with. */
export interface RollTask {
  readonly platform: Platform
  /** Image id or release; without it as `resolveImage` says. */
  readonly image?: string | undefined
  readonly policy: RollPolicy
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  /** Only tell what would be done. */
  readonly dryRun?: boolean | undefined
  /** Between two looks at the group; 1 s. */
  readonly pollMs?: number | undefined
  /** Right probes in a row that prove a new instance; 2. */
  readonly probesNeeded?: number | undefined
  readonly hooks?: RollHooks | undefined
  /** Takes what happens, as it happens. */
  readonly journal?: RollJournal | undefined
}

/**
 * What came of a roll. `rolled-back`: what served before serves again, `reason` says why. `paused`: at a pause point, both
 * images serve; the same roll carries on.
 */
export interface RollResult {
  readonly outcome: 'rolled' | 'unchanged' | 'rolled-back' | 'planned' | 'paused'
  /** The image that the group wants now; of `planned`, the one it would be rolled to. */
  readonly image: string
  readonly replaced: readonly { readonly from: string; readonly to: string }[]
  readonly seconds: number
  readonly reason?: string
  /** Of `planned`: what would be done, if all goes well. */
  readonly steps?: readonly Step[]
}

/**
 * Replaces the instances that do not run the image, and goes back by itself when the image fails. Carries an unfinished
 * roll on. Throws `usage` for an image that cannot be rolled to, `interrupted`, and `failed` when the way back fails too.
 */
export async function rollGroup(task: RollTask): Promise<RollResult> {
  if (task.dryRun) return planRoll(task)
  return holdingLock('roll', task, () => rollLocked(task))
}

/** Rolls to the image that served before; refused when there is none. */
export async function rollbackGroup(task: Omit<RollTask, 'image'>): Promise<RollResult> {
  return rollGroup({ ...task, image: rollbackImageId(await existingGroup(task.platform)) })
}

async function rollLocked(task: RollTask): Promise<RollResult> {
  const { platform, clock, progress } = task
  const startedMs = clock.now()
  const before = await existingGroup(platform)
  const image = resolveImage(await platform.images(), task.image, before)
  const record = openRecord(before, image.id, task.policy.force, startedMs)
  if (!record) return { outcome: 'unchanged', image: image.id, replaced: [], seconds: 0 }
  throwIfInterrupted('roll', task.signal)
  if (record !== before.roll) await platform.updateGroup({ imageId: targetImageId(record), roll: record })
  progress.event(openingLine(before, record))
  for (const mended of await platform.repairLoadBalancer()) progress.event(mended)
  const after = await turnUntilFinished({ task, phaseStartedMs: startedMs, launchFailure: undefined })
  const ended = after.roll ?? record
  return {
    outcome: ended.rollingBack ? 'rolled-back' : 'rolled',
    image: targetImageId(ended),
    replaced: ended.rollingBack ? [] : replacedBetween(before, after),
    seconds: secondsSince(startedMs, clock.now()),
    ...(ended.reason === undefined ? {} : { reason: ended.reason }),
  }
}

/** Looks, decides, acts and waits until the roll is finished; gives the group as last seen, its record included. */
async function turnUntilFinished(run: RollRun): Promise<Group> {
  const { platform, policy, probe, clock, progress, signal, pollMs = 1000, probesNeeded = 2 } = run.task
  const watch = watchGroup({ platform, probe, clock }, probesNeeded, (one, group) => one.imageId === group.imageId)
  while (true) {
    throwIfInterrupted('roll', signal)
    const seen = await watch.look()
    const record = seen?.group.roll
    if (!seen || !record) throw new OperatorError('failed', 'the group or its roll was removed during the roll')
    const steps = nextSteps({ ...seen, ...run, record }, policy)
    progress.live(instanceLines(seen))
    for (const step of steps) {
      throwIfInterrupted('roll', signal)
      await act(run, step, seen.group, record)
    }
    if (steps.some((step) => step.do === 'finish')) return seen.group
    await pause(clock, pollMs, 'roll', signal)
  }
}

async function planRoll({ platform, probe, clock, policy, image: wanted }: RollTask): Promise<RollResult> {
  const group = await existingGroup(platform)
  const image = resolveImage(await platform.images(), wanted, group)
  const startedMs = clock.now()
  const record = openRecord(group, image.id, policy.force, startedMs)
  if (!record) return { outcome: 'unchanged', image: image.id, replaced: [], seconds: 0 }
  const imageId = targetImageId(record)
  const seen = await watchGroup({ platform, probe, clock }, 1, (one) => one.imageId === imageId).look()
  const future = {
    group: { ...group, imageId, roll: record },
    evidence: seen?.evidence ?? new Map(),
    nowMs: clock.now(),
  }
  const steps = forecastSteps({ ...future, record, phaseStartedMs: startedMs }, policy)
  return { outcome: 'planned', image: imageId, replaced: [], seconds: secondsSince(startedMs, clock.now()), steps }
}

async function existingGroup(platform: Platform): Promise<Group> {
  const group = await platform.group()
  if (group) return group
  throw new OperatorError('usage', 'there is no group yet', { hint: 'npm run deploy' })
}

function openingLine(group: Group, record: RollRecord): string {
  if (record === group.roll) return `carrying on the roll to ${record.imageId} of ${record.startedAt}`
  return `rolling ${countOutdated(group, record)} of ${group.instances.length} instances to ${record.imageId}`
}

import { secondsSince } from '../clock.ts'
import { OperatorError } from '../errors.ts'
import { holdingLock } from '../group-lock.ts'
import { recordedRelease } from '../in-place.ts'
import { throwIfInterrupted } from '../interruption.ts'
import { noGroup } from '../no-group.ts'
import type { Group, InPlace } from '../platform.ts'
import type { RollEnd } from '../roll/events.ts'
import { floorOf } from '../roll/policy.ts'
import { forecast } from './forecast.ts'
import { openReleaseLog } from './log.ts'
import { carryOut, recognise } from './loop.ts'
import { nextBatch } from './planner.ts'
import { openInPlace } from './record.ts'
import { newRun, type ReleaseRun, releaseName } from './run.ts'
import type { ReleaseResult, ReleaseTask } from './task.ts'

/**
 * Brings a release to the running instances in place, a few at a time: drained, delivered, proven, returned. The first
 * one that fails rolls all of them back. Resumes an unfinished release. Throws `refused` during a roll, for instances
 * of several images, and while too few serve; `failed` when the rollback fails too, or something else is in the way.
 */
export async function releaseGroup(task: ReleaseTask): Promise<ReleaseResult> {
  const { platform, clock, wanted } = task
  const first = await releasableGroup(task)
  if (!recordFor(task, first)) return unchanged(task, first)
  if (task.dryRun) return planned(task, first)
  if (floorOf(task.policy, first.size) === 0) await task.confirmOutage(outageQuestion(first, wanted.release))
  return holdingLock('release', task, async () => {
    const startedMs = clock.now()
    const before = await releasableGroup(task)
    const record = recordFor(task, before)
    if (!record) return unchanged(task, before)
    throwIfInterrupted('release', task.signal)
    const isResumed = record === before.inPlace
    const delivery = await task.openDelivery()
    const run = newRun({ ...task, delivery }, record, {
      verb: 'release',
      isTopUp: false,
      imageContent: task.imageContent,
    })
    if (isResumed) await recognise(run, before)
    else refuseWithoutCapacity(task, before)
    const log = openReleaseLog(run)
    const end = (outcome: RollEnd) => log.ended(run, outcome, secondsSince(startedMs, clock.now()))
    try {
      if (!isResumed) await platform.updateGroup({ inPlace: record })
      log.began(run, before, isResumed)
      task.progress.event(openingLine(before, record, isResumed))
      const after = await carryOut(run, log, before)
      const outcome = run.rollingBack ? 'rolled-back' : 'released'
      end(outcome)
      return resultOf(run, { before, after, outcome, seconds: secondsSince(startedMs, clock.now()) })
    } catch (error) {
      if (error instanceof OperatorError) end(endOf(error))
      throw error
    }
  })
}

async function releasableGroup({ platform }: ReleaseTask): Promise<Group> {
  const group = await platform.group()
  if (!group) throw noGroup(platform)
  if (group.roll) {
    throw new OperatorError('refused', `the roll to ${group.roll.imageId} is not finished`, { hint: 'npm run roll' })
  }
  const alive = group.instances.filter(({ state }) => state !== 'stopped')
  if (alive.length === 0) {
    throw new OperatorError('refused', `no instance of ${group.name} runs`, { hint: 'npm run heal launches them' })
  }
  const others = [...new Set(alive.map(({ imageId }) => imageId))].filter((id) => id !== group.imageId)
  if (others.length === 0) return group
  throw new OperatorError(
    'refused',
    `some instances run ${others.join(', ')}, the image of the group is ${group.imageId}: a release in place needs all on one`,
    { hint: 'npm run roll replaces those' },
  )
}

function recordFor({ wanted, imageContent, force, clock }: ReleaseTask, group: Group): InPlace | undefined {
  return openInPlace(group, wanted, { imageContent, force, nowMs: clock.now() })
}

/** A dead instance is missing already: one more would be too many. */
function refuseWithoutCapacity({ policy }: ReleaseTask, group: Group): void {
  if (group.loadBalancer === 'stopped' || nextBatch({ group, done: new Set() }, policy).length > 0) return
  const serving = group.instances.filter(({ health }) => health === 'healthy').length
  throw new OperatorError(
    'refused',
    `${serving} of ${group.size} instances serve, and ${floorOf(policy, group.size)} must: none may be taken out of service`,
    { hint: 'npm run heal, or a larger --max-unavailable' },
  )
}

function outageQuestion({ name, size }: Group, release: string): string {
  const who = size === 1 ? 'its only instance is' : `all ${size} instances may be`
  return `Bring ${release} to ${name}, although ${who} out of service meanwhile?`
}

function openingLine({ instances }: Group, { release, rollingBack, since }: InPlace, isResumed: boolean): string {
  if (!isResumed) return `releasing ${release} to ${instances.length} instances in place`
  return `carrying on the ${rollingBack ? 'rollback of the ' : ''}release of ${release}, begun ${since}`
}

function unchanged({ wanted }: ReleaseTask, group: Group): ReleaseResult {
  const instances = group.instances.map(({ id }) => ({ id, result: 'had it' as const }))
  return { outcome: 'unchanged', release: wanted.release, instances, seconds: 0 }
}

function planned({ wanted, policy }: ReleaseTask, group: Group): ReleaseResult {
  const instances = group.instances.map(({ id }) => ({ id, result: 'planned' as const }))
  const steps = forecast(group, wanted.release, policy)
  return { outcome: 'planned', release: wanted.release, instances, seconds: 0, steps }
}

interface Ending {
  readonly before: Group
  readonly after: Group
  readonly outcome: 'released' | 'rolled-back'
  readonly seconds: number
}

function resultOf(run: ReleaseRun, { before, after, outcome, seconds }: Ending): ReleaseResult {
  const alive = new Map(after.instances.filter(({ state }) => state !== 'stopped').map((one) => [one.id, one]))
  const ids = new Set([...before.instances.map(({ id }) => id), ...alive.keys()])
  const instances = [...ids].map((id) => {
    if (!alive.has(id)) return { id, result: 'gone' as const }
    if (run.rollingBack) return { id, result: run.touched.has(id) ? ('put back' as const) : ('not touched' as const) }
    return { id, result: run.done.has(id) ? ('released' as const) : ('not touched' as const) }
  })
  const [first] = after.instances
  const served =
    run.rollingBack && first ? recordedRelease(inPlaceIn(run.record.before), first) : releaseName(run, after)
  return { outcome, release: served, instances, seconds, ...(run.reason === undefined ? {} : { reason: run.reason }) }
}

function inPlaceIn(inPlace: InPlace | undefined): Pick<Group, 'inPlace'> {
  return inPlace ? { inPlace } : {}
}

function endOf({ kind }: OperatorError): RollEnd {
  return kind === 'refused' || kind === 'interrupted' ? kind : 'failed'
}

import { OperatorError } from '../errors.ts'
import { inPlaceOf, lackingInPlace } from '../in-place.ts'
import type { Group, Instance, Platform } from '../platform.ts'
import { openReleaseLog } from './log.ts'
import { carryOut } from './loop.ts'
import { newRun } from './run.ts'
import type { Content, DeliveryTask } from './task.ts'

/** Instances that lack what is in place although the record says they have it, and instances to leave alone. */
export interface Lacking {
  readonly alsoTo?: readonly string[]
  readonly except?: ReadonlySet<string>
}

/** Brings what is in place to those that lack it; its caller's hands, because `heal` and `deploy` cannot deliver. */
export type BringInPlace = (content: Content, lacking: Lacking) => Promise<TopUp>

export interface TopUpTask extends Omit<DeliveryTask, 'policy'> {
  readonly instanceTimeoutSeconds: number
}

/** The instances that got the release that is in place; `failure`: why others did not, and serve what they served. */
export interface TopUp {
  readonly released: readonly string[]
  readonly failure?: string | undefined
  /** What to do about it, where trying again is of no use. */
  readonly hint?: string | undefined
}

/** Has what is in place brought to the instances launched since, and to `alsoTo`. Failures are words. */
export async function bringToLacking(
  platform: Pick<Platform, 'group'>,
  bring: BringInPlace | undefined,
  lacking: Lacking = {},
): Promise<TopUp> {
  const group = await platform.group()
  const record = group && inPlaceOf(group)
  if (!group || !record || instancesToTop(group, lacking).length === 0) return { released: [] }
  try {
    return (
      (await bring?.(record, lacking)) ?? { released: [], failure: `${record.release} cannot be delivered from here` }
    )
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
    return { released: [], failure: error.message, hint: error.isLasting ? error.hint : undefined }
  }
}

/** Delivers to those that lack it, one after the other. The caller holds the lock. */
export async function topUp(task: TopUpTask, verb: string, lacking: Lacking): Promise<TopUp> {
  const group = await task.platform.group()
  const record = group && inPlaceOf(group)
  if (!group || !record) return { released: [] }
  const due = instancesToTop(group, lacking)
  const policy = { maxUnavailable: 1, instanceTimeoutSeconds: task.instanceTimeoutSeconds }
  const run = newRun({ ...task, policy, onEvent: undefined }, record, { verb, isTopUp: true })
  for (const one of group.instances) if (!due.includes(one)) run.done.add(one.id)
  task.progress.event(`${record.release} is in place: ${due.map(({ id }) => id).join(', ')} get it, too`)
  await carryOut(run, openReleaseLog(run), group)
  return { released: [...run.released], ...(run.reason === undefined ? {} : { failure: run.reason }) }
}

/** Throws a refusal while a release is not finished. */
export function refuseUnfinishedRelease(group: Group | undefined): void {
  const inPlace = group && inPlaceOf(group)
  if (!inPlace || inPlace.upTo !== undefined) return
  throw new OperatorError('refused', `the release of ${inPlace.release} in place is not finished`, {
    hint: 'npm run release carries it on',
  })
}

function instancesToTop(group: Group, { alsoTo = [], except = new Set() }: Lacking): Instance[] {
  const lacking = new Set([...lackingInPlace(group).map(({ id }) => id), ...alsoTo])
  return group.instances.filter(({ id, state }) => lacking.has(id) && !except.has(id) && state !== 'stopped')
}

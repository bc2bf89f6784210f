import { OperatorError } from '../errors.ts'
import { inPlaceOf, lackingInPlace } from '../in-place.ts'
import type { Group, Instance } from '../platform.ts'
import { openReleaseLog } from './log.ts'
import { carryOut } from './loop.ts'
import { newRun } from './run.ts'
import type { Delivery, DeliveryTask, OpenDelivery } from './task.ts'

export interface TopUpTask extends Omit<DeliveryTask, 'delivery' | 'policy'> {
  readonly openDelivery?: OpenDelivery | undefined
  readonly instanceTimeoutSeconds: number
}

/** The instances that got the release that is in place; `failure`: why others did not, and serve what they served. */
export interface TopUp {
  readonly released: readonly string[]
  readonly failure?: string | undefined
}

/**
 * Brings the release that is in place to the instances launched since, and to `alsoTo`, one after the other. The caller
 * holds the lock.
 */
export async function topUp(
  task: TopUpTask,
  verb: string,
  { alsoTo = [], except = new Set() }: { alsoTo?: readonly string[]; except?: ReadonlySet<string> } = {},
): Promise<TopUp> {
  const group = await task.platform.group()
  const lacking = group ? instancesToTop(group, alsoTo, except) : []
  if (!group || lacking.length === 0) return { released: [] }
  try {
    return await bring(task, verb, group, lacking)
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
    return { released: [], failure: error.message }
  }
}

/** Throws a refusal while a release is not finished. */
export function refuseUnfinishedRelease(group: Group | undefined): void {
  const inPlace = group && inPlaceOf(group)
  if (!inPlace || inPlace.upTo !== undefined) return
  throw new OperatorError('refused', `the release of ${inPlace.release} in place is not finished`, {
    hint: 'npm run release carries it on',
  })
}

function instancesToTop(group: Group, alsoTo: readonly string[], except: ReadonlySet<string>): Instance[] {
  const lacking = new Set([...lackingInPlace(group).map(({ id }) => id), ...alsoTo])
  return group.instances.filter(({ id, state }) => lacking.has(id) && !except.has(id) && state !== 'stopped')
}

async function bring(task: TopUpTask, verb: string, group: Group, lacking: readonly Instance[]): Promise<TopUp> {
  const record = inPlaceOf(group)
  if (!record) return { released: [] }
  const delivery = await openedDelivery(task, record)
  const policy = { maxUnavailable: 1, instanceTimeoutSeconds: task.instanceTimeoutSeconds }
  const run = newRun({ ...task, delivery, policy, onEvent: undefined }, record, { verb, isTopUp: true })
  for (const one of group.instances) if (!lacking.includes(one)) run.done.add(one.id)
  task.progress.event(`${record.release} is in place: ${lacking.map(({ id }) => id).join(', ')} get it, too`)
  await carryOut(run, openReleaseLog(run))
  return { released: [...run.released], ...(run.reason === undefined ? {} : { failure: run.reason }) }
}

async function openedDelivery({ openDelivery }: TopUpTask, { release, content }: { release: string; content: string }) {
  const delivery: Delivery | undefined = await openDelivery?.({ release, content })
  if (delivery) return delivery
  throw new OperatorError('failed', `${release} cannot be delivered from here`)
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type AutoScalingGroup, DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling'
import { OperatorError } from '../../lib/errors.ts'
import type { Aws } from './clients.ts'
import { capacityReason } from './failures.ts'
import { scalingGroup, whyAside } from './observation.ts'
import { desire, nameOf } from './scaling.ts'

/** How a launch is waited for. */
export interface LaunchTimes {
  /** Time for Auto Scaling to begin a launch; instances need not have booted. */
  readonly timeoutSeconds: number
  readonly pollMs: number
}

/** The capacity that the group must want so that `count` instances come beside the members it has. */
export function capacityFor(scaling: AutoScalingGroup, count: number): number {
  return Math.max(scaling.DesiredCapacity ?? 0, memberIds(scaling).length + count)
}

/** The ids of the members that count as capacity for Auto Scaling, those that are being ended left out. */
export function memberIds({ Instances = [] }: AutoScalingGroup): string[] {
  const counted = Instances.filter((one) => whyAside(one) === undefined && !/^Terminat/.test(one.LifecycleState ?? ''))
  return counted.map(({ InstanceId = '' }) => InstanceId)
}

/**
 * Has Auto Scaling launch until the group has `count` members that it did not have, and gives their ids. When a launch is
 * refused (no capacity, a quota, an image that is gone) the wish is taken back and a failure names the reason.
 */
export async function launchMembers(
  aws: Aws,
  before: AutoScalingGroup,
  count: number,
  { timeoutSeconds, pollMs }: LaunchTimes,
): Promise<string[]> {
  const known = new Set(memberIds(before))
  const oldFailures = new Set((await failedActivities(aws, before)).map(({ id }) => id))
  const wished = capacityFor(before, count)
  if (wished > (before.DesiredCapacity ?? 0)) await desire(aws, before, wished)
  const deadline = Date.now() + timeoutSeconds * 1000
  for (;;) {
    const now = await scalingGroup(aws, before.AutoScalingGroupName ?? '')
    const come = now ? memberIds(now).filter((id) => !known.has(id)) : []
    if (come.length >= count) return come
    const failure = (await failedActivities(aws, before)).find(({ id }) => !oldFailures.has(id))
    if (failure || Date.now() > deadline) {
      await desire(aws, before, Math.max(known.size + come.length, before.MinSize ?? 0))
      throw notLaunched(failure?.message ?? `Auto Scaling began no launch within ${timeoutSeconds} s`)
    }
    await sleep(pollMs)
  }
}

interface FailedActivity {
  readonly id: string
  readonly message: string
}

async function failedActivities(aws: Aws, scaling: AutoScalingGroup): Promise<FailedActivity[]> {
  const answer = await aws.autoScaling.send(
    new DescribeScalingActivitiesCommand({ ...nameOf(scaling), MaxRecords: 50 }),
  )
  return (answer.Activities ?? [])
    .filter(({ StatusCode }) => StatusCode === 'Failed' || StatusCode === 'Cancelled')
    .map(({ ActivityId = '', StatusMessage = '' }) => ({ id: ActivityId, message: StatusMessage }))
}

function notLaunched(message: string): OperatorError {
  const { reason, hint } = capacityReason(message)
  return new OperatorError('failed', `Auto Scaling cannot launch: ${reason}`, {
    ...(hint === undefined ? {} : { hint }),
  })
}

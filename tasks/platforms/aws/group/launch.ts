import { setTimeout as sleep } from 'node:timers/promises'
import { type AutoScalingGroup, DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { launchFailure } from '../failures/launch-hints.ts'
import { memberIds } from './members.ts'
import { scalingGroup } from './observation.ts'
import { nameOf, setDesiredCapacity } from './scaling.ts'

export interface LaunchTimes {
  /** Time for Auto Scaling to start a launch, boot not included. */
  readonly timeoutSeconds: number
  readonly pollMs: number
  /** Time for Auto Scaling to try another zone when one has no capacity; default 60. */
  readonly otherZoneSeconds?: number
  /** The operator's request to stop: ends the waiting, not the launch. */
  readonly signal?: AbortSignal | undefined
}

/** The desired capacity that adds `count` instances to the current members. */
export function capacityFor(scaling: AutoScalingGroup, count: number): number {
  return Math.max(scaling.DesiredCapacity ?? 0, memberIds(scaling).length + count)
}

/**
 * Has Auto Scaling launch `count` new members and returns their ids. When the launch fails (no capacity, a quota, a
 * missing image), restores the size and throws the reason.
 */
export async function launchMembers(
  aws: Aws,
  before: AutoScalingGroup,
  count: number,
  { timeoutSeconds, pollMs, otherZoneSeconds = 60, signal }: LaunchTimes,
): Promise<string[]> {
  refuseSuspended(before)
  const known = new Set(memberIds(before))
  const oldFailures = new Set((await failedLaunches(aws, before)).map(({ id }) => id))
  const capacity = capacityFor(before, count)
  if (capacity > (before.DesiredCapacity ?? 0)) await setDesiredCapacity(aws, before, capacity)
  const startedMs = Date.now()
  for (let failedMs: number | undefined; ; ) {
    const failure = (await failedLaunches(aws, before)).find(({ id }) => !oldFailures.has(id))
    const now = await scalingGroup(aws, before.AutoScalingGroupName)
    if (!now) throw removedMeanwhile(before)
    const come = memberIds(now).filter((id) => !known.has(id))
    if (come.length >= count) return come
    failedMs ??= failure && Date.now()
    const isRefused = failure && (!isOfOneZone(failure) || isPast(failedMs ?? startedMs, otherZoneSeconds))
    if (isRefused || isPast(startedMs, timeoutSeconds)) {
      const kept = Math.max(before.DesiredCapacity ?? 0, known.size + come.length)
      if (kept < (now.DesiredCapacity ?? 0)) await setDesiredCapacity(aws, before, kept)
      throw notLaunched(failure?.message ?? `Auto Scaling started no launch within ${timeoutSeconds} s`)
    }
    await sleep(pollMs, undefined, signal ? { signal } : {})
  }
}

interface FailedLaunch {
  readonly id: string
  readonly message: string
}

/** Newest first (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-verify-scaling-activity.html). */
async function failedLaunches(aws: Aws, scaling: AutoScalingGroup): Promise<FailedLaunch[]> {
  const answer = await aws.autoScaling.send(
    new DescribeScalingActivitiesCommand({ ...nameOf(scaling), MaxRecords: 50 }),
  )
  return (answer.Activities ?? [])
    .filter(({ StatusCode }) => StatusCode === 'Failed' || StatusCode === 'Cancelled')
    .filter(({ Description = 'Launching' }) => Description.startsWith('Launching'))
    .map(({ ActivityId = '', StatusMessage = '' }) => ({ id: ActivityId, message: StatusMessage }))
}

/** Whether Auto Scaling will try another of the group's zones by itself. */
function isOfOneZone({ message }: FailedLaunch): boolean {
  return /Insufficient\w*Capacity|sufficient .*capacity|Availability Zone|free addresses/i.test(message)
}

function isPast(sinceMs: number, seconds: number): boolean {
  return Date.now() - sinceMs > seconds * 1000
}

/** While the process `Launch` is suspended, Auto Scaling accepts any size and does nothing. */
function refuseSuspended(scaling: AutoScalingGroup): void {
  if (!scaling.SuspendedProcesses?.some(({ ProcessName }) => ProcessName === 'Launch')) return
  const { AutoScalingGroupName: name } = scaling
  throw new OperatorError('failed', 'Auto Scaling cannot launch: somebody has suspended its process Launch', {
    hint: `aws autoscaling resume-processes --auto-scaling-group-name ${name} --scaling-processes Launch`,
  })
}

function removedMeanwhile({ AutoScalingGroupName: name }: AutoScalingGroup): OperatorError {
  return new OperatorError('failed', `the Auto Scaling group ${name} was removed during the launch`, {
    hint: 'npm run status -- --platform aws',
  })
}

function notLaunched(message: string): OperatorError {
  const { reason, hint } = launchFailure(message)
  return new OperatorError('failed', `Auto Scaling cannot launch: ${reason}`, hint === undefined ? {} : { hint })
}

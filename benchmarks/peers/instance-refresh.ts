import { openScalingGroup, type PeerResult, type PeerTask, type ScalingGroup } from './scaling-group.ts'

/**
 * How to read the parts of Instance Refresh that its documentation leaves open.
 *
 * `pace`: `set after set` follows the user guide: it handles a set of instances, "Then, it waits until the instances
 * pass your health checks and complete warmup before it moves on to replacing other instances"
 * (https://github.com/awsdocs/amazon-ec2-auto-scaling-user-guide/blob/0b8b3aeaec1166f04be5364b1527e33ff62c894a/doc_source/asg-instance-refresh.md;
 * today "Replace instances in batches based on the minimum and maximum healthy percentages",
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html). `one by one`: each warm instance
 * makes room for the next at once, a more favourable reading of the API reference, which speaks of "the next instance"
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html, InstanceWarmup).
 *
 * `leavingCounts`: whether machines that are being terminated count towards the maximum. The API reference counts what is "in
 * service and healthy, or pending", so without it a group has more machines than its maximum allows.
 */
export interface RefreshReading {
  readonly pace: 'set after set' | 'one by one'
  readonly leavingCounts: boolean
}

/** The preferences of a refresh; the minimum healthy percentage is 100, which launches before it terminates. */
export interface RefreshPreferences {
  /** 101 to 200; a whole number, as in the API. */
  readonly maxHealthyPercentage: number
  /**
   * From in service until ready. By default the group's health check grace period: 300 s for a group made in the console, 0
   * for others (https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html).
   */
  readonly instanceWarmupSeconds: number
}

/** Rolls a group as EC2 Auto Scaling's Instance Refresh does. */
export function refreshInstances(task: PeerTask, preferences: RefreshPreferences, reading: RefreshReading): PeerResult {
  const group = openScalingGroup(task)
  const room = Math.max(1, Math.floor((task.size * (preferences.maxHealthyPercentage - 100)) / 100))
  const step = reading.pace === 'one by one' ? stepOneByOne : stepSetAfterSet
  while (group.old > 0 || group.leaving > 0) {
    step(group, { ...task, ...preferences, ...reading, room })
    group.pass(task.pollSeconds)
  }
  return group.result()
}

interface Rule extends PeerTask, RefreshPreferences, RefreshReading {
  readonly room: number
}

function stepSetAfterSet(group: ScalingGroup, { size, room, instanceWarmupSeconds, leavingCounts }: Rule): void {
  if (group.inServiceFor(instanceWarmupSeconds) < group.fresh) return
  if (group.desired > size) group.endOld(group.desired - size, true)
  if (group.leaving === 0 || !leavingCounts) group.setDesired(size + Math.min(room, group.old))
}

function stepOneByOne(group: ScalingGroup, { size, room, instanceWarmupSeconds, leavingCounts }: Rule): void {
  const surplus = group.old + group.inServiceFor(instanceWarmupSeconds) - size
  if (surplus > 0) group.endOld(Math.min(surplus, group.old), true)
  const free = room - (group.desired - size) - (leavingCounts ? group.leaving : 0)
  const missing = size - group.fresh
  if (Math.min(free, missing) > 0) group.setDesired(group.desired + Math.min(free, missing))
}

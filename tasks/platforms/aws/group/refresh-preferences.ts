import type { RefreshPreferences } from '@aws-sdk/client-auto-scaling'
import type { RollPolicy } from '../../../lib/roll/policy.ts'

/** What the preferences of an Instance Refresh depend on beside the policy. */
export interface RefreshTerms {
  /** The group's desired capacity. */
  readonly size: number
  /** CloudWatch alarms that end the refresh, by name. */
  readonly alarms: readonly string[]
  /** Whether the group goes back by itself when the refresh fails. */
  readonly goesBack: boolean
}

/** AWS takes no more alarms, no larger group and no longer wait. */
const limits = { alarms: 10, percent: 200, delaySeconds: 172_800 }

/**
 * A roll's policy in the words of an Instance Refresh
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html): launch before terminate with `surge`
 * machines above the size at most, or in place with at most `maxUnavailable` missing, and a checkpoint behind the canary and
 * at each pause. How long an instance warms up is the group's own DefaultInstanceWarmup.
 */
export function preferencesFor(policy: RollPolicy, { size, alarms, goesBack }: RefreshTerms): RefreshPreferences {
  const checkpoints = checkpointsFor(policy, size)
  return {
    MinHealthyPercentage: minHealthy(policy, size),
    MaxHealthyPercentage: maxHealthy(policy.surge, size),
    SkipMatching: !policy.force,
    AutoRollback: goesBack,
    ScaleInProtectedInstances: 'Refresh',
    StandbyInstances: 'Ignore',
    ...(checkpoints.length === 0
      ? {}
      : { CheckpointPercentages: [...checkpoints, 100], CheckpointDelay: checkpointDelay(policy) }),
    ...(alarms.length === 0 ? {} : { AlarmSpecification: { Alarms: alarms.slice(0, limits.alarms) } }),
  }
}

/** Why an instance refresh of a group of this size cannot keep to the policy; `undefined` when it can. */
export function refreshProblem(policy: RollPolicy, size: number): string | undefined {
  if (policy.surge > 0 || size === 0 || minHealthy(policy, size) < 100) return undefined
  const least = Math.ceil(size / 100)
  return `--max-unavailable: an instance refresh counts in whole percents, of ${size} instances at least ${least}`
}

/**
 * The instances that must serve, never fewer than the policy's floor. AWS makes whole instances of a percentage by rounding
 * up ("rounded up to the nearest integer",
 * https://docs.aws.amazon.com/sdk-for-ruby/v2/api/Aws/AutoScaling/Types/RefreshPreferences.html). While there is room for a
 * surge nothing needs to be missing.
 */
function minHealthy({ surge, maxUnavailable }: RollPolicy, size: number): number {
  if (surge > 0 || size === 0) return 100
  const floor = Math.max(0, size - maxUnavailable)
  const percent = Math.floor((100 * floor) / size)
  return Math.ceil((percent * size) / 100) >= floor ? percent : percent + 1
}

/**
 * Rounded down, so that it is never more than the policy allows, however AWS rounds. At 100 AWS still launches one before it
 * terminates one when nothing may be missing, since both limits are given.
 */
function maxHealthy(surge: number, size: number): number {
  return Math.min(limits.percent, 100 + Math.floor((100 * surge) / Math.max(1, size)))
}

/** Rounded down: AWS waits as soon as the share is reached or exceeded. A canary of the whole group needs no wait. */
function checkpointsFor({ canary, pauseAt }: RollPolicy, size: number): number[] {
  const counts = [canary, ...pauseAt].filter((count) => count > 0 && count < size)
  const percents = new Set(counts.map((count) => Math.max(1, Math.floor((100 * count) / size))))
  return [...percents].toSorted((a, b) => a - b)
}

/** AWS knows one wait for all checkpoints. Without any other it is as long as an instance may take to be ready. */
function checkpointDelay({ canaryWatchSeconds, pauseAt, pauseSeconds, instanceTimeoutSeconds }: RollPolicy): number {
  const paused = pauseAt.length > 0 ? pauseSeconds : undefined
  const seconds = paused ?? (canaryWatchSeconds > 0 ? canaryWatchSeconds : instanceTimeoutSeconds)
  return Math.min(Math.ceil(seconds), limits.delaySeconds)
}

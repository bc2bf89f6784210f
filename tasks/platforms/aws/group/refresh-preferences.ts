import type { RefreshPreferences } from '@aws-sdk/client-auto-scaling'
import type { RollPolicy } from '../../../lib/roll/policy.ts'

export interface RefreshTerms {
  readonly size: number
  /** Names of CloudWatch alarms that end the refresh. */
  readonly alarms: readonly string[]
  /** Whether a failed refresh rolls back by itself. */
  readonly goesBack: boolean
}

/** AWS's limits for alarms, group size and wait. */
const limits = { alarms: 10, percent: 200, delaySeconds: 172_800 }

/**
 * A roll's policy as Instance Refresh preferences
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html): launch before terminate with
 * at most `surge` extra machines, or in place with at most `maxUnavailable` missing; a checkpoint after the canary and
 * at each pause. Warm-up time is the group's DefaultInstanceWarmup.
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

/** Why an instance refresh cannot follow the policy at this size; undefined when it can. */
export function refreshProblem(policy: RollPolicy, size: number): string | undefined {
  if (policy.surge > 0 || size === 0 || minHealthy(policy, size) < 100) return undefined
  const least = Math.ceil(size / 100)
  return `--max-unavailable: an instance refresh counts in whole percents; for ${size} instances the smallest value is ${least}`
}

/**
 * Percentage of instances that must serve, never below the policy's floor. AWS rounds up to whole instances ("rounded
 * up to the nearest integer",
 * https://docs.aws.amazon.com/sdk-for-ruby/v2/api/Aws/AutoScaling/Types/RefreshPreferences.html). With a surge, none
 * need to be missing.
 */
function minHealthy({ surge, maxUnavailable }: RollPolicy, size: number): number {
  if (surge > 0 || size === 0) return 100
  const floor = Math.max(0, size - maxUnavailable)
  const percent = Math.floor((100 * floor) / size)
  return Math.ceil((percent * size) / 100) >= floor ? percent : percent + 1
}

/**
 * Rounded down, so that it never exceeds the policy, however AWS rounds. With both limits at 100, AWS still launches
 * one instance before it terminates one.
 */
function maxHealthy(surge: number, size: number): number {
  return Math.min(limits.percent, 100 + Math.floor((100 * surge) / Math.max(1, size)))
}

/** Rounded down: AWS waits once the percentage is reached or exceeded. A canary of the whole group needs no wait. */
function checkpointsFor({ canary, pauseAt }: RollPolicy, size: number): number[] {
  const counts = [canary, ...pauseAt].filter((count) => count > 0 && count < size)
  const percents = new Set(counts.map((count) => Math.max(1, Math.floor((100 * count) / size))))
  return [...percents].toSorted((a, b) => a - b)
}

/** AWS has one delay for all checkpoints. By default, it is the time an instance may take to become ready. */
function checkpointDelay({ canaryWatchSeconds, pauseAt, pauseSeconds, instanceTimeoutSeconds }: RollPolicy): number {
  const paused = pauseAt.length > 0 ? pauseSeconds : undefined
  const seconds = paused ?? (canaryWatchSeconds > 0 ? canaryWatchSeconds : instanceTimeoutSeconds)
  return Math.min(Math.ceil(seconds), limits.delaySeconds)
}

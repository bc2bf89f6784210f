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
 * machines above the size at most, a checkpoint behind the canary that lasts as long as an instance may take to be proven. How
 * long an instance warms up is the group's own DefaultInstanceWarmup.
 */
export function preferencesFor(policy: RollPolicy, { size, alarms, goesBack }: RefreshTerms): RefreshPreferences {
  const checkpoint = checkpointFor(policy.canary, size)
  return {
    MinHealthyPercentage: 100,
    MaxHealthyPercentage: maxHealthy(policy.surge, size),
    SkipMatching: !policy.force,
    AutoRollback: goesBack,
    ScaleInProtectedInstances: 'Refresh',
    StandbyInstances: 'Ignore',
    ...(checkpoint === undefined
      ? {}
      : {
          CheckpointPercentages: [checkpoint, 100],
          CheckpointDelay: Math.min(policy.instanceTimeoutSeconds, limits.delaySeconds),
        }),
    ...(alarms.length === 0 ? {} : { AlarmSpecification: { Alarms: alarms.slice(0, limits.alarms) } }),
  }
}

/**
 * Rounded down, so that it is never more than the policy allows, however AWS rounds. At 100 AWS still launches one before it
 * terminates one, since both limits are given.
 */
function maxHealthy(surge: number, size: number): number {
  return Math.min(limits.percent, 100 + Math.floor((100 * surge) / Math.max(1, size)))
}

/** Rounded down: AWS waits as soon as the share is reached or exceeded. A canary of the whole group needs no wait. */
function checkpointFor(canary: number, size: number): number | undefined {
  if (canary <= 0 || canary >= size) return undefined
  return Math.max(1, Math.floor((100 * canary) / size))
}

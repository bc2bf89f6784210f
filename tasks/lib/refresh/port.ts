import type { RollPolicy } from '../roll/policy.ts'

/**
 * The platform's own replacement of instances. On aws an Instance Refresh of EC2 Auto Scaling
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html), whose terms these are.
 */
export interface Refresh {
  /**
   * Makes `imageId` the wanted image and starts replacing the instances that do not run it. Can be repeated after a
   * crash half-way. Throws when no refresh was started; `end` removes what it had set up by then.
   */
  start(spec: RefreshSpec): Promise<void>
  /** The newest refresh of the group, whoever started it; `undefined` when there never was one. */
  look(): Promise<RefreshState | undefined>
  /** Rolls back the refresh in progress. `over`: there is none any more. */
  rollBack(): Promise<'rolling back' | 'over'>
  /** Makes `imageId` the wanted image for good and removes what `start` set up. Can be repeated. */
  end(imageId: string): Promise<void>
}

export interface RefreshSpec {
  readonly imageId: string
  /** The image that the platform rolls back to by itself when `imageId` fails; undefined: it does not. */
  readonly from: string | undefined
  readonly policy: RollPolicy
  readonly size: number
  /** Whether an alarm of the group stops the refresh. Not on the way to what served before: that is what ends the alarm. */
  readonly heedsAlarms: boolean
}

export type RefreshStatus =
  | 'Pending'
  | 'InProgress'
  | 'Baking'
  | 'Cancelling'
  | 'RollbackInProgress'
  | 'Successful'
  | 'Failed'
  | 'Cancelled'
  | 'RollbackFailed'
  | 'RollbackSuccessful'

export interface RefreshState {
  readonly id: string
  readonly status: RefreshStatus
  /** The image that it was started for; `undefined` when the platform no longer knows. */
  readonly imageId: string | undefined
  /** 0 to 100; falls back to 0 during a rollback. */
  readonly percentageComplete: number
  readonly instancesToUpdate: number | undefined
  /** The platform's own words. */
  readonly reason: string | undefined
  /** Percentages at which it waits. */
  readonly checkpoints: readonly number[]
  readonly checkpointDelaySeconds: number
}

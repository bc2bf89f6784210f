import type { RollPolicy } from '../roll/policy.ts'

/**
 * Where the platform itself can replace the instances of a group. On aws an Instance Refresh of EC2 Auto Scaling
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html), whose words these are.
 */
export interface Refresh {
  /**
   * Makes `imageId` the wanted image and begins to replace the instances that do not run it. Can be called again when it died
   * half-way. Throws when no refresh was begun; what it had set up by then stays, and `end` takes it away.
   */
  start(spec: RefreshSpec): Promise<void>
  /** The newest refresh of the group, whoever began it; `undefined` when there never was one. */
  look(): Promise<RefreshState | undefined>
  /** Turns the refresh under way round. `over`: there is none under way any more. */
  rollBack(): Promise<'rolling back' | 'over'>
  /** Makes `imageId` the wanted image for good and takes away what `start` set up. Can be called again. */
  end(imageId: string): Promise<void>
}

export interface RefreshSpec {
  readonly imageId: string
  /** The image that the platform goes back to by itself when `imageId` fails; without it, it does not. */
  readonly from: string | undefined
  readonly policy: RollPolicy
  readonly size: number
  /** Whether an alarm of the group ends the refresh. Not on the way to what served before: that is what ends the alarm. */
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

/** A refresh as the platform tells it. */
export interface RefreshState {
  readonly id: string
  readonly status: RefreshStatus
  /** The image that it was begun for; `undefined` when the platform no longer knows. */
  readonly imageId: string | undefined
  /** 0 to 100; goes back to 0 during a rollback. */
  readonly percentageComplete: number
  readonly instancesToUpdate: number | undefined
  /** The platform's own words. */
  readonly reason: string | undefined
  /** Percentages at which it waits before it goes on. */
  readonly checkpoints: readonly number[]
  readonly checkpointDelaySeconds: number
}

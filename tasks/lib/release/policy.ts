export interface ReleasePolicy {
  /** How many instances of the group's size may be out of service at a time; at least 1. */
  readonly maxUnavailable: number
  /** Time for an instance to finish its requests, and again to be ready with the release. */
  readonly instanceTimeoutSeconds: number
  /** How long an instance that got the release may be unhealthy while others get it; default 15 s. */
  readonly graceSeconds?: number | undefined
}

import type { Refresh } from './refresh/port.ts'

/**
 * The one interface between bakeroll's decisions and the place where a group runs. `local` and `aws` implement it on
 * real machines, `tasks/simulator` in memory; `test/contract.ts` holds all of them to these promises.
 */

/** A machine image that holds one release (an AMI on AWS, a qcow2 disk locally). */
export interface Image {
  readonly id: string
  readonly release: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** True only after an instance of the image was booted and tested. Unverified images cannot be deployed. */
  readonly verified: boolean
  /** Whose image it is; absent where images are not told apart. */
  readonly service?: string
}

/**
 * `pending`: launched, may still be booting. `running`: its machine runs. `stopped`: its machine is gone (crashed,
 * killed, computer rebooted) although nobody asked for it; only `terminate` removes what is left of it.
 */
export type InstanceState = 'pending' | 'running' | 'stopped'

/**
 * Health at the load balancer, in Elastic Load Balancing's terms
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html). `unused`: not
 * registered, or fully drained.
 */
export type TargetHealth = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused'

export interface SshAddress {
  readonly host: string
  readonly port: number
  readonly user: string
}

export interface Instance {
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly state: InstanceState
  readonly health: TargetHealth
  /** Base URL of this instance, bypassing the load balancer, e.g. `http://127.10.3.1:8080`. */
  readonly url: string
  /** Launch time, ISO 8601, UTC. */
  readonly startedAt: string
  /** Availability zone, where the platform has zones. */
  readonly zone?: string
  readonly ssh: SshAddress
}

/** What a roll stores in the group's state when it begins, so that any client can resume it after a crash. */
export interface RollRecord {
  readonly imageId: string
  readonly previousImageId: string
  /** ISO 8601, UTC. With `force`, instances launched before this moment count as outdated. */
  readonly startedAt: string
  readonly force: boolean
  /** True once `imageId` has failed and the group is going back to `previousImageId`. */
  readonly rollingBack: boolean
  /** Why it rolled back, one line. */
  readonly reason?: string
  /**
   * New instances that failed and were replaced. Absent: 0; negative: allowance for instances left by an earlier
   * attempt.
   */
  readonly setbacks?: number
  /** This roll is itself a rollback: the next `rollback` resumes it instead of reverting it. */
  readonly isRollback?: true
  /** The last pause point passed, as a number of new instances. */
  readonly passed?: number
  /** Handed to the platform; `after` is the newest refresh before this one, so any newer refresh is this one. */
  readonly refresh?: { readonly after: string }
}

/**
 * A release that the instances got in place, without a new image: what their image holds is another. Kept until a roll
 * replaces them.
 */
export interface InPlace {
  readonly release: string
  /** Digest of all that an instance got. */
  readonly content: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** The image of the instances that have it. */
  readonly imageId: string
  /** Instances launched up to this moment (ISO 8601, UTC) have it. Absent: unfinished, any of them may. */
  readonly upTo?: string
  /** While unfinished, the release that was in place before; absent: the image's own. */
  readonly before?: InPlace
  /** True once it has failed and the instances get back what they had. */
  readonly rollingBack?: true
  /** Why it rolled back, one line. */
  readonly reason?: string
}

export interface Group {
  readonly name: string
  /** The wanted image: what `launch` launches. */
  readonly imageId: string
  /** The image that served before, the target of `rollback`. */
  readonly previousImageId?: string
  readonly size: number
  readonly url: string
  readonly loadBalancer: 'running' | 'stopped'
  readonly instances: readonly Instance[]
  readonly roll?: RollRecord
  readonly inPlace?: InPlace
  /** Machines of the group that are not part of its capacity (in standby, in a warm pool); verbs leave them alone. */
  readonly aside?: readonly { readonly id: string; readonly because: string }[]
  /** For the operator while no verb runs, one line each, e.g. what a killed verb left changed. */
  readonly notes?: readonly string[]
}

/** Held while a verb changes the group. */
export interface Lock {
  /** Safe to call twice. */
  release(): Promise<void>
}

export interface LockOwner {
  readonly verb: string
  readonly owner: string
  /** ISO 8601, UTC. */
  readonly since: string
}

/** Fields to change; the others stay as they are. `null` removes. */
export interface GroupChange {
  readonly imageId?: string
  readonly previousImageId?: string
  readonly size?: number
  readonly roll?: RollRecord | null
  readonly inPlace?: InPlace | null
}

export interface Platform {
  readonly name: 'local' | 'aws' | 'simulator'
  /** Where groups are looked up, on a platform with several such places: `in eu-central-1`. */
  readonly place?: string

  /** The service of the project; images of another are none of its own. */
  readonly service?: string

  /** Newest first. */
  images(): Promise<Image[]>
  /** The caller has checked that nothing needs the image. */
  removeImage(id: string): Promise<void>

  /**
   * Reads the group afresh; `undefined` when there is none. Never throws for a broken instance, but `failed` with
   * `isOfBrokenGroup` when a resource that all instances depend on was deleted by hand.
   */
  group(): Promise<Group | undefined>
  /** Creates the group and its load balancer, without instances. */
  createGroup(imageId: string, size: number): Promise<void>
  /** Changes only the group's record; starts and terminates no instance. */
  updateGroup(change: GroupChange): Promise<void>
  /** Repairs a load balancer that is stopped or has lost instances. Returns what it repaired, in words. */
  repairLoadBalancer(): Promise<string[]>
  /** Removes load balancer and group record. The instances must be terminated before, unless `endsInstancesWithGroup`. */
  removeGroup(): Promise<void>
  /** `removeGroup` terminates the instances itself, all at once. */
  readonly endsInstancesWithGroup?: true
  /** Everything that exists of the group, in words, including what no record knows; empty when nothing does. */
  leftovers(): Promise<string[]>

  /**
   * Launches `count` instances of the wanted image and registers them at the load balancer; returns their ids. An
   * instance that the platform is already replacing by itself counts.
   */
  launch(count: number): Promise<string[]>
  /** Stops new requests to the instance; running ones finish. Its health is `draining`, then `unused`. */
  drain(id: string): Promise<void>
  /** Removes the instance and all that is left of it. A missing instance is not an error. */
  terminate(id: string): Promise<void>

  /** The platform's own way to replace instances, if it has one. */
  readonly refresh?: Refresh

  /** The serial console output so far. */
  consoleOutput(id: string): Promise<string>
  /**
   * Arguments for `ssh`: key, pinned host key, port, user@host. Throws when the instance has not published its host key
   * yet.
   */
  sshArguments(id: string): Promise<string[]>

  /**
   * Takes the group's lock, or throws a refusal (exit code 3) that names owner and age. The lock of a dead owner is
   * taken over; `takenOver` says whose it was.
   */
  lock(verb: string): Promise<Lock & { readonly takenOver?: LockOwner }>
  lockOwner(): Promise<LockOwner | undefined>
}

/** A prerequisite of a platform, and its state. */
export interface Finding {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** The command that fixes it; absent when nothing needs fixing. */
  readonly hint?: string
}

/** Something other than an image that a platform keeps and nothing needs any more. */
export interface Superseded {
  /** In words, with the group: `versions 2-4 of the launch template of timeapp`. */
  readonly what: string
  /** A missing one is not an error. */
  remove(): Promise<void>
}

import type { Refresh } from './refresh/port.ts'

/**
 * The one interface between what bakeroll decides and where a group lives. `local` and `aws` implement it on real
 * machines, `tasks/simulator` in memory; the contract suite in `test/contract.ts` holds all of them to these promises.
 */

/** A machine image that holds one release (an AMI on AWS, a qcow2 disk locally). */
export interface Image {
  readonly id: string
  readonly release: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** True only after an instance made from the image was booted and tested. Unverified images cannot be deployed. */
  readonly verified: boolean
}

/**
 * `pending`: launched, its machine may still be booting. `running`: its machine runs. `stopped`: its machine is gone
 * (crashed, killed, computer rebooted) although nobody asked for it; only `terminate` ends what is left of it.
 */
export type InstanceState = 'pending' | 'running' | 'stopped'

/**
 * What the load balancer thinks, in Elastic Load Balancing's words
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html).
 * `unused`: not registered, or drained to the last request.
 */
export type TargetHealth = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused'

export interface SshAddress {
  readonly host: string
  readonly port: number
  readonly user: string
}

/** One machine of the group. */
export interface Instance {
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly state: InstanceState
  readonly health: TargetHealth
  /** Base url of this very instance for a probe that bypasses the load balancer, e.g. `http://127.10.3.1:8080`. */
  readonly url: string
  /** ISO 8601, UTC: when it was launched. */
  readonly startedAt: string
  /** The availability zone that it runs in, where the platform has zones. */
  readonly zone?: string
  readonly ssh: SshAddress
}

/** What a roll left in the group's own state when it began, so that any client can carry on after a crash. */
export interface RollRecord {
  readonly imageId: string
  readonly previousImageId: string
  /** ISO 8601, UTC. With `force`, instances launched before this moment count as outdated. */
  readonly startedAt: string
  readonly force: boolean
  /** True once the roll has rolled back: `imageId` failed and the group is going back to `previousImageId`. */
  readonly rollingBack: boolean
  /** Why it rolled back, one line. */
  readonly reason?: string
  /** New instances that failed and were replaced; none yet when absent, below 0 where as many may fail that another try left. */
  readonly setbacks?: number
  /** It takes something back: the next `rollback` carries it on instead of taking it back itself. */
  readonly isRollback?: true
  /** The last pause point that was passed, as a number of new instances. */
  readonly passed?: number
  /** Handed to the platform itself; `after` is its newest refresh before this one, so that any newer one is it. */
  readonly refresh?: { readonly after: string }
}

/** The instances that should run one image, with their size. */
export interface Group {
  readonly name: string
  /** The wanted image: what `launch` launches. */
  readonly imageId: string
  /** The image that served before, where `rollback` goes. */
  readonly previousImageId?: string
  readonly size: number
  readonly url: string
  readonly loadBalancer: 'running' | 'stopped'
  readonly instances: readonly Instance[]
  readonly roll?: RollRecord
  /** Machines that belong to the group but are none of its capacity (in standby, in a warm pool): verbs leave them alone. */
  readonly aside?: readonly { readonly id: string; readonly because: string }[]
  /** What an operator should know while no verb is at work, one line each: what a killed one left changed. */
  readonly notes?: readonly string[]
}

/** Held while a verb changes the group. */
export interface Lock {
  /** Gives the group free again. Safe to call twice. */
  release(): Promise<void>
}

export interface LockOwner {
  readonly verb: string
  readonly owner: string
  /** ISO 8601, UTC. */
  readonly since: string
}

/** Changes what `describe` gives back; everything not named stays as it was. `null` removes. */
export interface GroupChange {
  readonly imageId?: string
  readonly previousImageId?: string
  readonly size?: number
  readonly roll?: RollRecord | null
}

export interface Platform {
  readonly name: 'local' | 'aws' | 'simulator'
  /** Where groups are looked for, when there is more than one such place: `in eu-central-1`. */
  readonly place?: string

  /** All images, newest first. */
  images(): Promise<Image[]>
  /** Removes an image. The caller has made sure that nothing needs it. */
  removeImage(id: string): Promise<void>

  /**
   * The group as it is now, observed afresh; `undefined` when there is none. Never throws for a broken instance, but `failed`
   * with `isOfBrokenGroup` when what all instances hang on was deleted by hand.
   */
  group(): Promise<Group | undefined>
  /** Makes the group and its load balancer, without instances. */
  createGroup(imageId: string, size: number): Promise<void>
  /** Changes the group's own record; starts and ends no instance. */
  updateGroup(change: GroupChange): Promise<void>
  /** Puts the load balancer right when it is stopped or has lost instances. Gives back what it mended, in words. */
  repairLoadBalancer(): Promise<string[]>
  /** Removes load balancer and group record. All instances have been terminated, unless `endsInstancesWithGroup`. */
  removeGroup(): Promise<void>
  /** True where `removeGroup` ends the instances itself, all at once. */
  readonly endsInstancesWithGroup?: true
  /** Everything that is there of the group, in words, also what no record knows; empty when nothing is. */
  leftovers(): Promise<string[]>

  /**
   * Launches `count` instances of the group's wanted image and registers them at the load balancer; gives their ids. Where
   * the platform is already replacing an instance by itself, that one counts.
   */
  launch(count: number): Promise<string[]>
  /** Stops new requests to the instance; running ones finish. Its health is `draining`, then `unused`. */
  drain(id: string): Promise<void>
  /** Ends the instance and all that is left of it. Ending an instance that is not there is no error. */
  terminate(id: string): Promise<void>

  /** The platform's own way to replace instances, where it has one. */
  readonly refresh?: Refresh

  /** What the instance wrote to its serial console so far. */
  consoleOutput(id: string): Promise<string>
  /**
   * Everything that `ssh` needs to reach the instance, as arguments: key, pinned host key, port, user@host.
   * Throws when the instance has not published its host key yet.
   */
  sshArguments(id: string): Promise<string[]>

  /**
   * Takes the group's lock, or throws a refusal (exit code 3) that names owner and age. A lock whose owner is
   * dead is taken over; `takenOver` tells whose it was.
   */
  lock(verb: string): Promise<Lock & { readonly takenOver?: LockOwner }>
  /** Who holds the lock now. */
  lockOwner(): Promise<LockOwner | undefined>
}

/** One thing that a platform needs, as it is. */
export interface Finding {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** The command that mends it; absent when nothing is to mend. */
  readonly hint?: string
}

/** Something that a platform keeps beside images and that nothing needs any more. */
export interface Superseded {
  /** In words, with the group: `versions 2-4 of the launch template of timeapp`. */
  readonly what: string
  /** Removes it; what is gone already is no error. */
  remove(): Promise<void>
}

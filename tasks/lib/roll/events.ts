import type { InstanceState, TargetHealth } from '../platform.ts'
import type { RollPolicy } from './policy.ts'
import type { Step } from './snapshot.ts'

/** How a roll, or a release in place, ended: as its result says, or with an error of one of these kinds. */
export type RollEnd =
  | 'rolled'
  | 'released'
  | 'unchanged'
  | 'rolled-back'
  | 'paused'
  | 'failed'
  | 'refused'
  | 'interrupted'

/** The events of a roll, in order, tell all of it. `at` is ISO 8601, UTC, with milliseconds. */
export type RollEvent = { readonly at: string } & (
  | BeganEvent
  | InstanceEvent
  | CapacityEvent
  | StepEvent
  | WarningEvent
  | RequestsEvent
  | EndedEvent
)

/** A run began; a roll that was killed and resumed has several. */
export interface BeganEvent {
  readonly event: 'began'
  readonly group: string
  /** The image that the roll goes to, and the one it came from. */
  readonly imageId: string
  readonly previousImageId: string
  readonly size: number
  readonly policy: RollPolicy
  /** Whether this run continues an unfinished roll. */
  readonly resumed: boolean
  /** A release in place: images are releases then, and instances stay. */
  readonly inPlace?: true
}

/** An instance changed; its first event introduces it. */
export interface InstanceEvent {
  readonly event: 'instance'
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly zone?: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** `gone`: no longer in the group. */
  readonly state: InstanceState | 'gone'
  readonly health: TargetHealth
  /** Whether it runs the image that the roll goes to now. */
  readonly isNew: boolean
  readonly ready: boolean
  /** Why it is not ready. */
  readonly reason?: string
}

/** The group's capacity from now on. */
export interface CapacityEvent {
  readonly event: 'capacity'
  /** Running, and healthy at the load balancer. */
  readonly healthy: number
  readonly machines: number
  readonly size: number
  /** The promised capacity. */
  readonly floor: number
  /** The most machines that the policy allows. */
  readonly maximum: number
}

export interface StepEvent {
  readonly event: 'step'
  readonly step: Step['do'] | 'deliver' | 'put back' | 'return'
  readonly instanceId?: string
  readonly count?: number
  readonly because: string
}

export interface WarningEvent {
  readonly event: 'warning'
  readonly message: string
}

/** What a load sent between `since` (ISO 8601, UTC) and now. */
export interface RequestsEvent {
  readonly event: 'requests'
  readonly since: string
  readonly sent: number
  readonly failed: number
}

/** The run ended. A run without it was killed. */
export interface EndedEvent {
  readonly event: 'ended'
  readonly outcome: RollEnd
  /** The image that the group wants now. */
  readonly imageId: string
  readonly replaced: number
  readonly seconds: number
  readonly reason?: string
}

export type RollEventSink = (event: RollEvent) => void

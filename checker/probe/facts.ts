import type { ClockSample } from '../clock/clock.ts'
import type { Failure } from './failure.ts'

/** `host` is absent when it is the host of the url. */
export interface ShownCertificate {
  readonly endsMs: number
  readonly daysLeft: number
  readonly host?: string
}

/** Measurements of one address of a service, not yet judged. */
export interface ProbeFacts {
  readonly url: string
  readonly address?: string
  /** HTTP status of the time path. */
  readonly status?: number
  /** Median over the time path, without connecting. */
  readonly latencyMs?: number
  /** Why there are fewer samples than requested. */
  readonly timeFailure?: Failure
  readonly samples: readonly ClockSample[]
  /** The time format that was recognised. */
  readonly format?: string
  /** An assumption made while reading it. */
  readonly note?: string
  /** Addresses in a family that this computer has no route to. */
  readonly leftOut?: readonly string[]
  /** The urls that redirects of the time path led to, in order. */
  readonly hops?: readonly string[]
  /** Why the body of the time path breaks its rule. */
  readonly bodyFailure?: Failure
  /** The answer of the version path, if it looks like a version. */
  readonly versionFound?: string
  readonly versionFailure?: Failure
  /** The certificate that expires first of all seen, trusted or not. */
  readonly certificate?: ShownCertificate
  readonly ownClockStepMs: number
}

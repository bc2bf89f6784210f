import type { ClockSample } from '../clock/clock.ts'
import type { Failure } from './failure.ts'

/** When a certificate ends, and which host showed it, where that is not the host of the url. */
export interface ShownCertificate {
  readonly endsMs: number
  readonly daysLeft: number
  readonly host?: string
}

/** What one address of a service answered: facts only, no judgement. */
export interface ProbeFacts {
  readonly url: string
  readonly address?: string
  /** HTTP status of the time path. */
  readonly status?: number
  /** Median of the answers to the time path, connecting not counted. */
  readonly latencyMs?: number
  /** Why the time could not be measured as often as asked. */
  readonly timeFailure?: Failure
  readonly samples: readonly ClockSample[]
  /** What the answers were read as. */
  readonly format?: string
  /** What had to be assumed to read them. */
  readonly note?: string
  /** Addresses of its name in a family that this computer has no way to. */
  readonly leftOut?: readonly string[]
  /** Where the redirects of the time path led, in order. */
  readonly hops?: readonly string[]
  /** Why the answer of the time path breaks the rule for its body. */
  readonly bodyFailure?: Failure
  /** What the version path answered, if it looks like a version. */
  readonly versionFound?: string
  /** Why there is no version. */
  readonly versionFailure?: Failure
  /** The certificate that ends first, of all that its connections were shown, trusted or not. */
  readonly certificate?: ShownCertificate
  /** How far the checker's own clock was stepped during the measurement. */
  readonly ownClockStepMs: number
}

/** The service's clock showed something in [timeMs, timeMs + resolutionMs). */
export interface Reading {
  /** Milliseconds since 1970, or since midnight when `periodMs` is a day. */
  readonly timeMs: number
  readonly resolutionMs: number
  /** The time wraps around after this long: a day for a time of day. */
  readonly periodMs?: number
  /** The recognised format, as `--time-format` names it. */
  readonly format: string
  /** An assumption made while reading it. */
  readonly note?: string
  /** Why the body is not the time; set when the `Date` header was used as a last resort. */
  readonly bodyProblem?: string
}

export interface Unreadable {
  readonly problem: string
}

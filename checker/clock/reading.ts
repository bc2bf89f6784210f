/** One answer understood: the service's clock showed something in [timeMs, timeMs + resolutionMs). */
export interface Reading {
  /** Milliseconds since 1970, or since midnight where `periodMs` is a day. */
  readonly timeMs: number
  readonly resolutionMs: number
  /** The time starts anew after this long: a day for a time of day. */
  readonly periodMs?: number
  /** What it was read as, as `--time-format` names it. */
  readonly format: string
  /** What had to be assumed. */
  readonly note?: string
  /** Why the body is not the time, where the `Date` header had to serve as the last resort. */
  readonly bodyProblem?: string
}

/** An answer that is not the time, and why. */
export interface Unreadable {
  readonly problem: string
}

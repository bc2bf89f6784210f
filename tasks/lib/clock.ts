/** The only source of time in `tasks/lib`: the computer's own in the verbs, a virtual one in tests. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number
  /** Waits; ends early, by resolving or rejecting, when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Whole seconds since `sinceMs`. */
export function secondsSince(sinceMs: number, nowMs: number): number {
  return Math.round((nowMs - sinceMs) / 1000)
}

import type { OwnClock } from '../run-types.ts'

/** Our own clock minus the true time lies within [lowMs, highMs]. */
export interface OwnInterval {
  readonly lowMs: number
  readonly highMs: number
}

/** How far a clock may drift: 100 ppm, more than quartz does (RFC 5905 assumes 15 ppm for a disciplined one). */
export const driftPerMs = 1e-4

/** An interval as a trusted clock, in microseconds, the bound rounded upward. */
export function trusted({ lowMs, highMs }: OwnInterval, source: string): OwnClock {
  const offsetMs = Math.round((lowMs + highMs) * 500) / 1000 + 0
  const errorMs = Math.ceil(Math.max(highMs - offsetMs, offsetMs - lowMs) * 1000 - 1e-6) / 1000
  return { state: 'trusted', offsetMs, errorMs, source }
}

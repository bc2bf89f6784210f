import type { ClockEstimate } from './clock.ts'

/** The checker's own clock minus the true time, ± `errorMs`. */
export interface OwnOffset {
  readonly offsetMs: number
  readonly errorMs: number
}

/**
 * Turns an offset from our clock into one from the true time: offsets add up, and so do bounds. In tenths of a millisecond, the
 * bound rounded upward; with `periodMs`, the offset nearest to zero.
 */
export function againstTrueTime(clock: ClockEstimate, own: OwnOffset, periodMs?: number): ClockEstimate {
  const sumMs = clock.offsetMs + own.offsetMs
  const nearMs = periodMs === undefined ? sumMs : sumMs - Math.ceil(sumMs / periodMs - 0.5) * periodMs
  const offsetMs = Math.round(nearMs * 10) / 10 + 0
  const errorMs = Math.ceil((clock.errorMs + own.errorMs + Math.abs(nearMs - offsetMs)) * 10 - 1e-6) / 10
  return { ...clock, offsetMs, errorMs }
}

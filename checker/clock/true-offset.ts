import type { ClockEstimate } from './clock.ts'

/** How far the checker's own clock is ahead of the true time, give or take `errorMs`. */
export interface OwnOffset {
  readonly offsetMs: number
  readonly errorMs: number
}

/**
 * Measured against our clock, said against the true time: both offsets add up, and so do both bounds. To tenths of a
 * millisecond, the bound upward; of a clock that starts anew after `periodMs` the offset nearest to zero.
 */
export function againstTrueTime(clock: ClockEstimate, own: OwnOffset, periodMs?: number): ClockEstimate {
  const sumMs = clock.offsetMs + own.offsetMs
  const nearMs = periodMs === undefined ? sumMs : sumMs - Math.ceil(sumMs / periodMs - 0.5) * periodMs
  const offsetMs = Math.round(nearMs * 10) / 10 + 0
  const errorMs = Math.ceil((clock.errorMs + own.errorMs + Math.abs(nearMs - offsetMs)) * 10 - 1e-6) / 10
  return { ...clock, offsetMs, errorMs }
}

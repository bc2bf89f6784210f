import type { LoadResult } from '../../tools/load.ts'

/** A load and how long it ran. */
export interface TimedLoad extends LoadResult {
  readonly seconds: number
}

/** Requests a second that were answered or failed, with one digit below ten. */
export function perSecond({ sent, seconds }: Pick<TimedLoad, 'sent' | 'seconds'>): number {
  const rate = sent / Math.max(1, seconds)
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate)
}

/** `15903 requests during the roll, 58 a second of the 120 asked for; 0 failed`. */
export function duringWords(during: TimedLoad, askedPerSecond: number): string {
  const rate = perSecond(during)
  const asked = rate < askedPerSecond * 0.98 ? ` of the ${askedPerSecond} asked for` : ''
  return `${during.sent} requests during the roll, ${rate} a second${asked}; ${during.failed} failed`
}

/** `15903 requests during the roll, 58 a second, and 7242 after it, 0 failed`: both parts as they were counted. */
export function requestWords(during: TimedLoad, after: TimedLoad): string {
  const failed = during.failed + after.failed
  const both = after.sent > 0 ? ` and ${after.sent} after it` : ''
  const where = failed > 0 && after.sent > 0 ? ` (${during.failed} during the roll, ${after.failed} after it)` : ''
  return `${during.sent} requests during the roll, ${perSecond(during)} a second,${both}${both ? ',' : ''} ${failed} failed${where}`
}

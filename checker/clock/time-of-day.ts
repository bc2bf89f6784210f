import type { Reading } from './reading.ts'

/** Milliseconds since midnight; second 60 counts as 59, see `inLeapSecond`. */
export function timeOfDayMs(hours: string, minutes: string, seconds: string, fraction: string): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return undefined
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Math.min(Number(seconds), 59)
  return whole * 1000 + Number(`0.${fraction || 0}`) * 1000
}

/**
 * A reading with second 60; undefined unless in the last minute of a UTC month (RFC 3339, 5.7). Meanwhile computer clocks show
 * the second before or after, so it counts as both.
 */
export function inLeapSecond(reading: Reading): Reading | undefined {
  const nextMs = Math.floor(reading.timeMs / 1000) * 1000 + 1000
  const isMidnight = nextMs % 86_400_000 === 0
  const isDay = reading.periodMs !== undefined || new Date(nextMs).getUTCDate() === 1
  if (!isMidnight || !isDay) return undefined
  return { ...reading, resolutionMs: reading.resolutionMs + 1000, note: 'the service is in a leap second' }
}

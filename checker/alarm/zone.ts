import type { Temporal } from 'temporal-polyfill'

/** Local time in a time zone. */
export interface Zone {
  dateAt(ms: number): Temporal.PlainDate
  /**
   * The moment of a local time, which may be ISO text. A time that occurs twice when clocks go back: `which` chooses. A skipped
   * time: as long after the change as without it. Throws a RangeError for invalid text.
   */
  momentOf(time: Temporal.PlainDateTime | string, which: 'first' | 'last'): number
}

/** A time zone of the IANA database; undefined if the name is unknown. */
export async function openZone(name: string): Promise<Zone | undefined> {
  // Temporal also accepts offsets.
  if (!/^[A-Za-z]/.test(name)) return undefined
  // Loaded on demand: few checks have a window.
  const { Temporal } = await import('temporal-polyfill')
  const dateAt = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(name).toPlainDate()
  try {
    dateAt(0)
  } catch {
    return undefined
  }
  return {
    dateAt,
    momentOf(time, which) {
      const disambiguation = which === 'first' ? 'compatible' : 'later'
      return Temporal.PlainDateTime.from(time).toZonedDateTime(name, { disambiguation }).epochMilliseconds
    },
  }
}

import type { Temporal } from 'temporal-polyfill'

/** The clocks on the walls of a time zone. */
export interface Zone {
  dateAt(ms: number): Temporal.PlainDate
  /**
   * The moment at which they show a date and time, which may be given as its ISO text. When they are put back they show it twice:
   * `which` chooses. A time that is skipped is as long after the change as it would be without one. Throws a RangeError where
   * the text is none.
   */
  momentOf(time: Temporal.PlainDateTime | string, which: 'first' | 'last'): number
}

/** The zone of a name of the IANA database; undefined when there is none of that name. */
export async function openZone(name: string): Promise<Zone | undefined> {
  // Temporal takes an offset, too.
  if (!/^[A-Za-z]/.test(name)) return undefined
  // Loaded here alone: few checks have a window, and the one file keeps it packed.
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

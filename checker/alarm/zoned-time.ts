const dayMs = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** Whether this is the name of a time zone of the IANA database. */
export function isZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && formatOf(name) !== undefined
  } catch {
    return false
  }
}

/** The date on a wall in the zone, as its midnight were it UTC. */
export function localDate(ms: number, zone: string): number {
  const localMs = ms + offsetAt(ms, zone)
  return localMs - (((localMs % dayMs) + dayMs) % dayMs)
}

/** 0 for Sunday to 6, of a date as `localDate` gives it. */
export function localWeekday(date: number): number {
  return new Date(date).getUTCDay()
}

/**
 * The moment at which a clock on a wall in the zone shows a time, that being given as if it were UTC. When the clock is put
 * back it shows it twice: `which` chooses. A time that is skipped is as long after the change as it would be without one.
 */
export function instantOf(wallMs: number, zone: string, which: 'first' | 'last'): number {
  const [before, after] = [offsetAt(wallMs - dayMs, zone), offsetAt(wallMs + dayMs, zone)]
  const shown = [before, after].map((offset) => wallMs - offset).filter((ms) => ms + offsetAt(ms, zone) === wallMs)
  if (shown.length === 0) return wallMs - before
  return which === 'first' ? Math.min(...shown) : Math.max(...shown)
}

/** The zone's clocks minus UTC. */
function offsetAt(ms: number, zone: string): number {
  if (zone === 'UTC') return 0
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const numeric = 'numeric'
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  })
  formats.set(zone, format)
  return format
}

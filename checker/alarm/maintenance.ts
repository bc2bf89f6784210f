import { type Wrong, wrong } from '../settings/kinds.ts'
import { openZone, type Zone } from './zone.ts'

/** Alarms are held back within it: on days of the week, or once; the end is exclusive. */
export type MaintenanceWindow =
  | {
      readonly days: readonly number[]
      readonly startMinute: number
      /** Minutes after the start of the day; above 1440 for a window across midnight. */
      readonly endMinute: number
      readonly zone: Zone
    }
  | { readonly startMs: number; readonly endMs: number }

const dayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const examples = 'such as "Sun 02:00-04:00", "Mon-Fri 22:00-06:00 Europe/Berlin", "daily 02:00-02:30" or ISO/ISO'

export async function parseMaintenance(text: string): Promise<MaintenanceWindow | Wrong> {
  const window = await readWindow(text.trim())
  return typeof window === 'string' ? wrong(`${JSON.stringify(text)}: ${window}`) : window
}

export function isInWindow(window: MaintenanceWindow, nowMs: number): boolean {
  if ('startMs' in window) return nowMs >= window.startMs && nowMs < window.endMs
  const { days, startMinute, endMinute, zone } = window
  const today = zone.dateAt(nowMs)
  // A window across midnight belongs to the day on which it starts.
  return [today.subtract({ days: 1 }), today].some((day) => {
    const after = (minutes: number) => day.toPlainDateTime().add({ minutes })
    return (
      days.includes(day.dayOfWeek % 7) &&
      nowMs >= zone.momentOf(after(startMinute), 'first') &&
      nowMs < zone.momentOf(after(endMinute), 'last')
    )
  })
}

function readWindow(text: string): Promise<MaintenanceWindow | string> {
  return text.includes('/') && /^\d{4}-/.test(text) ? readOnce(text) : readRecurring(text)
}

async function readOnce(text: string): Promise<MaintenanceWindow | string> {
  const [interval = '', zoneName = 'UTC', ...rest] = text.split(/\s+/)
  const [start = '', end = '', ...more] = interval.split('/')
  if (rest.length > 0 || more.length > 0) return `expected a start, a slash and an end, ${examples}`
  const zone = await openZone(zoneName)
  if (zone === undefined) return noZone(zoneName)
  const [startMs, endMs] = [readInstant(start, zone, 'first'), readInstant(end, zone, 'last')]
  if (startMs === undefined || endMs === undefined) {
    const wrong = startMs === undefined ? start : end
    return `${JSON.stringify(wrong)} is not a date and time, expected 2026-01-31T02:00 or 2026-01-31T02:00Z`
  }
  return endMs > startMs ? { startMs, endMs } : 'it ends before it begins'
}

function readInstant(text: string, zone: Zone, which: 'first' | 'last'): number | undefined {
  const [, local, offset] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::[0-5]\d)?)(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? []
  if (local === undefined) return undefined
  try {
    const wallMs = zone.momentOf(local, which)
    // `momentOf` has rejected impossible dates; Date.parse would turn February 30 into a day in March.
    const ms =
      offset === undefined ? wallMs : Date.parse(local + offset.replace(/(\d\d)(\d\d)$/, '$1:$2').toUpperCase())
    return Number.isNaN(ms) ? undefined : ms
  } catch {
    return undefined
  }
}

async function readRecurring(text: string): Promise<MaintenanceWindow | string> {
  const [dayText = '', times = '', zoneName = 'UTC', ...rest] = text.split(/\s+/)
  const [, start = '', end = ''] = /^(\d\d?:\d\d)-(\d\d?:\d\d)$/.exec(times) ?? []
  if (start === '' || rest.length > 0) return `expected days and times, ${examples}`
  const days = readDays(dayText)
  if (days === undefined) return `${JSON.stringify(dayText)} names no days, expected daily, Sun, Mon-Fri or Sat,Sun`
  const [startMinute, endMinute] = [readMinute(start), readMinute(end)]
  if (startMinute === undefined || endMinute === undefined || startMinute === 1440) {
    return `${times} are not times of day, expected 00:00 to 23:59, or 24:00 as the end`
  }
  if (startMinute === endMinute) return `${times} is empty; the whole day is 00:00-24:00`
  const zone = await openZone(zoneName)
  if (zone === undefined) return noZone(zoneName)
  return { days, startMinute, endMinute: endMinute < startMinute ? endMinute + 1440 : endMinute, zone }
}

function noZone(name: string): string {
  return `${name} is not a time zone, expected a name such as Europe/Berlin`
}

function readMinute(text: string): number | undefined {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  const minute = hours * 60 + minutes
  return minutes < 60 && minute <= 1440 ? minute : undefined
}

function readDays(text: string): number[] | undefined {
  if (/^daily$/i.test(text)) return [0, 1, 2, 3, 4, 5, 6]
  const days = new Set<number>()
  for (const part of text.split(',')) {
    const [first, last, ...more] = part.split('-').map(readDay)
    if (first === undefined || (part.includes('-') && last === undefined) || more.length > 0) return undefined
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === (last ?? first)) break
    }
  }
  return [...days]
}

function readDay(text: string): number | undefined {
  const name = text.toLowerCase()
  const day = dayNames.findIndex((one) => one === name || (name.length === 3 && one.startsWith(name)))
  return day === -1 ? undefined : day
}

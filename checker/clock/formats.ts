import type { Reading, Unreadable } from './reading.ts'
import type { TimeFormat } from './time-format.ts'
import { inLeapSecond, timeOfDayMs } from './time-of-day.ts'

const dayMs = 86_400_000

/** Reads the time from an answer; `http-date` uses `dateHeader` when the body itself is not an HTTP date (RFC 9110, 5.6.7). */
export function readTime(body: string, format: TimeFormat, dateHeader?: string): Reading | Unreadable {
  const text = body.replace(/^\uFEFF/, '').trim()
  if (typeof format === 'object') return readPointer(text, format.pointer)
  switch (format) {
    case 'auto':
      return orDateHeader(/^["{[]/.test(text) ? recogniseJson(text) : recognise(text), dateHeader)
    case 'iso8601':
      return readIso8601(text) ?? unreadable(text, 'an ISO 8601 time')
    case 'unix':
      return readUnix(text, /^(\d{1,12})(?:\.(\d+))?$/, 'unix') ?? unreadable(text, 'unix seconds')
    case 'unix-ms':
      return readUnix(text, /^(\d{1,15})$/, 'unix-ms') ?? unreadable(text, 'unix milliseconds')
    case 'time-of-day':
      return readTimeOfDay(text) ?? unreadable(text, 'a time of day, HH:MM:SS')
    case 'http-date':
      return readHttpDate(text) ?? readHttpDate(dateHeader ?? '') ?? unreadable(dateHeader ?? '', 'an HTTP date')
  }
}

/** The header proves the clock but not the time path, so the body's problem stays. */
function orDateHeader(reading: Reading | Unreadable, dateHeader = ''): Reading | Unreadable {
  if (!('problem' in reading)) return reading
  const header = readHttpDate(dateHeader)
  if (header === undefined) return reading
  const note = 'the clock was read from the Date header, as with --time-format http-date'
  return { ...header, note, bodyProblem: reading.problem }
}

function recognise(text: string): Reading | Unreadable {
  return (
    readIso8601(text) ??
    readUnix(text, /^(\d{10})(?:\.(\d+))?$/, 'unix') ??
    readUnix(text, /^(\d{13})$/, 'unix-ms') ??
    readTimeOfDay(text) ??
    readHttpDate(text) ??
    unreadable(text, 'the time in a known format')
  )
}

function recogniseJson(text: string): Reading | Unreadable {
  const json = parseJson(text)
  if (typeof json === 'string') return recognise(json.trim())
  for (const key of ['unixMs', 'now']) {
    if (typeof json === 'object' && json !== null && Object.hasOwn(json, key)) return readPointer(text, `/${key}`)
  }
  return unreadable(text, 'JSON with "now" or "unixMs" (for others: --time-format json:/pointer)')
}

function readPointer(text: string, pointer: string): Reading | Unreadable {
  let value = parseJson(text)
  if (value === undefined) return unreadable(text, 'JSON')
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      return { problem: `the JSON has nothing at ${pointer}` }
    }
    value = (value as Record<string, unknown>)[key]
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    return { problem: `expected the time at ${pointer || 'the root'} of the JSON, got ${kindOf(value)}` }
  }
  const reading = recognise(String(value).trim())
  return 'problem' in reading ? reading : { ...reading, format: `json:${pointer}` }
}

function readIso8601(text: string): Reading | Unreadable | undefined {
  const shape = /^(\d{4})(-?)(\d\d)\2(\d\d)[Tt ](\d\d)(:?)(\d\d)\6(\d\d)(?:[.,](\d+))? ?([Zz]|[+-]\d\d(?::?\d\d)?)?$/
  const match = shape.exec(text)
  if (match === null) return undefined
  const [, year, , month, day, hours = '', , minutes = '', seconds = '', fraction = '', zone] = match
  const ofDay = timeOfDayMs(hours, minutes, seconds, fraction)
  if (ofDay === undefined) return { problem: `${JSON.stringify(text)} is not a time of day` }
  const midnightMs = Date.parse(`${year}-${month}-${day}T00:00:00Z`)
  if (Number.isNaN(midnightMs) || new Date(midnightMs).getUTCDate() !== Number(day)) {
    return { problem: `${JSON.stringify(text)} is not a calendar date` }
  }
  const zoneMs = zoneOffsetMs(zone ?? 'Z')
  if (zoneMs === undefined) return { problem: `${JSON.stringify(text)} has no valid time zone` }
  const reading = {
    timeMs: midnightMs + ofDay - zoneMs,
    resolutionMs: resolutionMs(fraction),
    format: 'iso8601',
  }
  if (seconds === '60') return inLeapSecond(reading) ?? { problem: `${JSON.stringify(text)} is not a time of day` }
  return zone === undefined ? { ...reading, note: 'the service names no time zone: taken as UTC' } : reading
}

function readUnix(text: string, shape: RegExp, format: 'unix' | 'unix-ms'): Reading | undefined {
  const [, whole, fraction = ''] = shape.exec(text) ?? []
  if (whole === undefined) return undefined
  if (format === 'unix-ms') {
    return { timeMs: Number(whole), resolutionMs: resolutionMs(whole.slice(-3).padStart(3, '0')), format }
  }
  return { timeMs: Number(`${whole}.${fraction}`) * 1000, resolutionMs: resolutionMs(fraction), format }
}

function readTimeOfDay(text: string): Reading | Unreadable | undefined {
  const match = /^(\d\d):(\d\d):(\d\d)(?:[.,](\d+))? ?(?:Z|UTC|GMT)?$/i.exec(text)
  if (match === null) return undefined
  const [, hours = '', minutes = '', seconds = '', fraction = ''] = match
  const timeMs = timeOfDayMs(hours, minutes, seconds, fraction)
  const problem = `${JSON.stringify(text)} is not a time of day`
  if (timeMs === undefined) return { problem }
  const reading = { timeMs, resolutionMs: resolutionMs(fraction), periodMs: dayMs, format: 'time-of-day' }
  return seconds === '60' ? (inLeapSecond(reading) ?? { problem }) : reading
}

function readHttpDate(written: string): Reading | undefined {
  const text = asImfFixdate(written)
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined
  // The grammar allows second 60 (RFC 9110, 5.6.7), JavaScript does not.
  const plain = text.replace(':60 GMT', ':59 GMT')
  const timeMs = Date.parse(plain)
  if (Number.isNaN(timeMs) || new Date(timeMs).toUTCString() !== plain) return undefined
  const reading = { timeMs, resolutionMs: 1000, format: 'http-date' }
  return plain === text ? reading : inLeapSecond(reading)
}

/** The two obsolete forms of an HTTP date in the current one; a recipient must accept all three (RFC 9110, 5.6.7). */
function asImfFixdate(text: string): string {
  const asctime = /^(\w{3}) (\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/.exec(text)
  if (asctime) {
    const [, weekday, month, day = '', time, year] = asctime
    return `${weekday}, ${day.replace(' ', '0')} ${month} ${year} ${time} GMT`
  }
  const rfc850 = /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-(\w{3})-(\d\d) (\d\d:\d\d:\d\d) GMT$/.exec(text)
  if (!rfc850) return text
  const [, weekday = '', day, month, year, time] = rfc850
  return `${weekday.slice(0, 3)}, ${day} ${month} ${fullYear(Number(year))} ${time} GMT`
}

/** The latest year that ends in these two digits and is at most 50 years ahead. */
function fullYear(twoDigits: number): number {
  const latest = new Date().getUTCFullYear() + 50
  return latest - ((((latest - twoDigits) % 100) + 100) % 100)
}

function zoneOffsetMs(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0
  const [, sign, hours, minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/**
 * At best a microsecond, the precision of a number of milliseconds since 1970. Zeros may be padding: an all-zero fraction counts
 * as whole seconds, and zeros after the milliseconds as milliseconds.
 */
function resolutionMs(fraction: string): number {
  if (/^0*$/.test(fraction)) return 1000
  const isFine = !/^\d{0,3}0*$/.test(fraction)
  return Math.max(isFine ? 0.001 : 1, 10 ** (3 - fraction.length))
}

/** Never the value itself: `JSON.stringify` cannot write a list nested 30,000 deep. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreadable(text: string, expected: string): Unreadable {
  if (text === '') return { problem: `expected ${expected}, got nothing` }
  return { problem: `expected ${expected}, got ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}` }
}

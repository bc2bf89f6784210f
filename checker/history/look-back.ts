import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { exitCodes, type Verdict } from '../verdict/report.ts'
import { figures } from './figures.ts'
import { type Cell, type Figures, type Incident, type Past, type TargetPast, type WindowName, windows } from './past.ts'
import { spanTables } from './schema.ts'
import { Tally } from './tally.ts'

const dayMs = 86_400_000
const quarterMs = 900_000
/** Including today. */
const shownDays = 90

type Row = Record<string, SQLOutputValue>

/** Each ring is one window without the shorter windows inside it, so that no row is added twice. */
interface Reading {
  readonly id: number
  readonly url: string
  readonly address: string
  last: Row | undefined
  readonly rings: readonly Tally[]
  readonly days: Map<number, Tally>
  readonly quarters: Map<number, Tally>
}

/** Called repeatedly by long work; throws when time is up, or when less than `leftMs` remains. */
export type Alert = (leftMs?: number) => void

/** A few milliseconds of work. */
const rowsBetweenAlerts = 2048

/** Reads a history at one moment. 7-day figures are exact to five minutes at their far end, longer ones to an hour. */
export function lookBack(database: DatabaseSync, nowMs: number, alertIfLate: Alert = () => {}): Past {
  database.exec('BEGIN')
  try {
    const readings = readTargets(database)
    let rows = 0
    const add = (row: Row, isCheck: boolean) => {
      if (rows++ % rowsBetweenAlerts === 0) alertIfLate()
      addRow(readings, row, nowMs, isCheck)
    }
    const checks = database.prepare('SELECT * FROM checks WHERE at <= ?')
    for (const row of checks.iterate(nowMs)) add(row, true)
    for (const table of spanTables) {
      const spans = database.prepare(`SELECT * FROM ${table} WHERE at >= ? AND at <= ?`)
      for (const row of spans.iterate(nowMs - windows['365d'] * dayMs, nowMs)) add(row, false)
    }
    const incidents = readIncidents(database, nowMs)
    const targets = [...readings.values()].filter(({ rings }) => rings.some(isChecked))
    const past = targets.map((reading) => {
      alertIfLate()
      return toPast(reading, incidents.get(reading.id) ?? [])
    })
    return { at: iso(nowMs), targets: past.sort(byName) }
  } finally {
    database.exec('COMMIT')
  }
}

function readTargets(database: DatabaseSync): Map<number, Reading> {
  const rows = database.prepare('SELECT id, url, address FROM target').all()
  const readings = rows.map(
    ({ id, url, address }): Reading => ({
      id: Number(id),
      url: String(url),
      address: String(address),
      last: undefined,
      rings: Object.keys(windows).map(() => new Tally()),
      days: new Map(),
      quarters: new Map(),
    }),
  )
  return new Map(readings.map((reading) => [reading.id, reading]))
}

function addRow(readings: ReadonlyMap<number, Reading>, row: Row, nowMs: number, isCheck: boolean): void {
  const reading = readings.get(Number(row['target']))
  const atMs = Number(row['at'])
  const ageDays = (nowMs - atMs) / dayMs
  const ring = Object.values(windows).findIndex((days) => ageDays <= days)
  if (reading === undefined || ring < 0) return
  // Older rows exist until a run thins them.
  if (isCheck && ageDays <= 2) reading.last = row
  const day = Math.floor(atMs / dayMs)
  const tallies = [
    reading.rings[ring],
    ...(day > Math.floor(nowMs / dayMs) - shownDays ? [tallyOf(reading.days, day)] : []),
    ...(ageDays <= 1 ? [tallyOf(reading.quarters, Math.floor(atMs / quarterMs))] : []),
  ]
  for (const tally of tallies) {
    if (isCheck) tally?.addCheck(row)
    else tally?.addSpan(row)
  }
}

function tallyOf(tallies: Map<number, Tally>, key: number): Tally {
  const tally = tallies.get(key) ?? new Tally()
  tallies.set(key, tally)
  return tally
}

function isChecked({ counts }: Tally): boolean {
  return Object.values(counts).some((count) => count > 0)
}

function readIncidents(database: DatabaseSync, nowMs: number): Map<number, Incident[]> {
  const rows = database
    .prepare('SELECT * FROM incident WHERE began <= ? AND coalesce(ended, ?) >= ? ORDER BY began DESC, id DESC')
    .all(nowMs, nowMs, nowMs - windows['90d'] * dayMs)
  const all = new Map<number, Incident[]>()
  for (const { target, began, ended, reason } of rows) {
    const endMs = ended === null ? nowMs : Number(ended)
    const incident = {
      began: iso(Number(began)),
      ...(ended === null ? {} : { ended: iso(endMs) }),
      lengthMs: endMs - Number(began),
      reason: String(reason),
    }
    all.set(Number(target), [...(all.get(Number(target)) ?? []), incident])
  }
  return all
}

function toPast({ url, address, last, rings, days, quarters }: Reading, incidents: Incident[]): TargetPast {
  return {
    url,
    ...(address === '' ? {} : { address }),
    ...(last === undefined ? {} : { last: toLast(last) }),
    windows: windowFigures(rings),
    days: cells(days, dayMs),
    quarters: cells(quarters, quarterMs),
    incidents,
  }
}

function windowFigures(rings: readonly Tally[]): Record<WindowName, Figures> {
  const sum = new Tally()
  const entries = Object.keys(windows).map((name, index) => {
    const ring = rings[index]
    if (ring !== undefined) sum.merge(ring)
    return [name, figures(sum)]
  })
  return Object.fromEntries(entries)
}

function cells(tallies: ReadonlyMap<number, Tally>, spanMs: number): Cell[] {
  const inOrder = [...tallies].sort(([a], [b]) => a - b)
  return inOrder.map(([span, tally]) => ({ from: iso(span * spanMs), ...figures(tally) }))
}

function toLast({ at, verdict, status, version }: Row) {
  const names = Object.keys(exitCodes) as Verdict[]
  return {
    at: iso(Number(at)),
    verdict: names.find((name) => exitCodes[name] === verdict) ?? 'unknown',
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  }
}

function byName(a: TargetPast, b: TargetPast): number {
  const [nameA, nameB] = [a, b].map(({ url, address = '' }) => `${url} ${address}`)
  return (nameA ?? '') < (nameB ?? '') ? -1 : 1
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

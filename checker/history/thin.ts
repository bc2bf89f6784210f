import type { DatabaseSync } from 'node:sqlite'
import type { SpanTable } from './schema.ts'
import { Tally } from './tally.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

interface Step {
  readonly from: 'checks' | SpanTable
  readonly to: SpanTable
  /** Length of the spans in `to`. */
  readonly spanMs: number
  /** How long `from` keeps rows. */
  readonly keepMs: number
  /** The least to thin at a time. */
  readonly batchMs: number
}

const steps: readonly Step[] = [
  { from: 'checks', to: 'five_minutes', spanMs: 5 * minuteMs, keepMs: 2 * dayMs, batchMs: hourMs },
  { from: 'five_minutes', to: 'hours', spanMs: hourMs, keepMs: 8 * dayMs, batchMs: dayMs },
  { from: 'hours', to: 'days', spanMs: dayMs, keepMs: 92 * dayMs, batchMs: dayMs },
]

const keepDaysMs = 400 * dayMs

/**
 * Aggregates old rows: keeps every check for 2 days, then spans of five minutes until 8 days, of an hour until 92 days, of a day
 * (UTC) until 400 days. Call it within a transaction.
 */
export function thin(database: DatabaseSync, nowMs: number): void {
  for (const step of steps) thinTable(database, step, nowMs)
  const oldestMs = nowMs - keepDaysMs
  if (!hasBefore(database, 'days', oldestMs)) return
  database.prepare('DELETE FROM days WHERE at < ?').run(oldestMs)
  database.prepare('DELETE FROM incident WHERE ended < ?').run(oldestMs)
  const isUsed = ['checks', 'five_minutes', 'hours', 'days'].map((table) => `SELECT target FROM ${table}`)
  const used = [...isUsed, 'SELECT target FROM incident'].join(' UNION ')
  database.exec(`DELETE FROM target WHERE id NOT IN (${used})`)
}

function thinTable(database: DatabaseSync, { from, to, spanMs, keepMs, batchMs }: Step, nowMs: number): void {
  const untilMs = Math.floor((nowMs - keepMs) / batchMs) * batchMs
  if (!hasBefore(database, from, untilMs)) return
  const tallies = new Map<string, Tally>()
  for (const row of database.prepare(`SELECT * FROM ${from} WHERE at < ?`).iterate(untilMs)) {
    const key = `${Math.floor(Number(row['at']) / spanMs) * spanMs} ${row['target']}`
    const tally = tallies.get(key) ?? new Tally()
    tallies.set(key, tally)
    if (from === 'checks') tally.addCheck(row)
    else tally.addSpan(row)
  }
  writeSpans(database, to, tallies)
  database.prepare(`DELETE FROM ${from} WHERE at < ?`).run(untilMs)
}

/** Adds tallies to a table of spans; a key is the span's start and the target, separated by a space. */
export function writeSpans(database: DatabaseSync, table: SpanTable, tallies: ReadonlyMap<string, Tally>): void {
  const find = database.prepare(`SELECT * FROM ${table} WHERE at = ? AND target = ?`)
  const write = database.prepare(`REPLACE INTO ${table} VALUES (${Array.from({ length: 14 }, () => '?').join(', ')})`)
  for (const [key, tally] of tallies) {
    const [at = 0, target = 0] = key.split(' ').map(Number)
    // After a clock was set back, a span may exist already.
    const there = find.get(at, target)
    if (there !== undefined) tally.addSpan(there)
    write.run(at, target, ...tally.values())
  }
}

function hasBefore(database: DatabaseSync, table: string, ms: number): boolean {
  const oldest = database.prepare(`SELECT min(at) AS at FROM ${table}`).get()?.['at']
  return typeof oldest === 'number' && oldest < ms
}

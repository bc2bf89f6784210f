import type { DatabaseSync } from 'node:sqlite'
import { plain } from '../alarm/channels/plain-text.ts'
import { type CheckReport, exitCodes, type TargetReport } from '../verdict/report.ts'
import { thin } from './thin.ts'

const dayMs = 86_400_000
const mostIncidents = 200
const longestText = { version: 40, reason: 200 }

/** Records one run and thins old rows, in one transaction. */
export function record(database: DatabaseSync, { targets }: CheckReport, atMs: number): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const latest = database.prepare('SELECT max(at) AS at FROM checks').get()?.['at']
    closeForgotten(database, atMs)
    const statements = prepare(database)
    for (const target of targets) {
      const id = targetId(statements, target)
      statements.check.run(Math.round(atMs), id, ...valuesOf(target))
      followIncident(statements, id, target, atMs)
    }
    // A clock that is once years ahead must not make the whole history old.
    thin(database, typeof latest === 'number' ? Math.min(atMs, latest + dayMs) : atMs)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Once per run: preparing takes longer than running. */
function prepare(database: DatabaseSync) {
  const statement = (sql: string) => database.prepare(sql)
  return {
    find: statement('SELECT id FROM target WHERE url = ? AND address = ?'),
    insert: statement('INSERT INTO target (url, address) VALUES (?, ?)'),
    check: statement('REPLACE INTO checks VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    open: statement('SELECT id FROM incident WHERE target = ? AND ended IS NULL'),
    begin: statement('INSERT INTO incident (target, began, last, reason) VALUES (?, ?, ?, ?)'),
    goOn: statement('UPDATE incident SET last = max(last, ?) WHERE id = ?'),
    end: statement('UPDATE incident SET ended = max(began, ?) WHERE id = ?'),
    forget: statement(
      `DELETE FROM incident WHERE target = ?1 AND id <= (
         SELECT id FROM incident WHERE target = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${mostIncidents})`,
    ),
  }
}

type Statements = ReturnType<typeof prepare>

function targetId({ find, insert }: Statements, { url, address = '' }: TargetReport): number {
  return Number(find.get(url, address)?.['id'] ?? insert.run(url, address).lastInsertRowid)
}

function valuesOf({ verdict, latencyMs, clock, status, version }: TargetReport) {
  const found = version?.found
  return [
    ...[exitCodes[verdict], latencyMs === undefined ? null : Math.round(latencyMs * 1000)],
    ...(clock === undefined ? [null, null] : bounds(clock)),
    ...[status ?? null, found === undefined ? null : plain(found).slice(0, longestText.version)],
  ]
}

/** In microseconds, rounded outward. */
function bounds({ offsetMs, errorMs }: { readonly offsetMs: number; readonly errorMs: number }): number[] {
  const whole = (us: number) => Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, us))
  // Rounding to nanoseconds first keeps 0.3 ms from becoming 301 µs.
  const us = (ms: number) => Number((ms * 1000).toFixed(3))
  return [whole(Math.floor(us(offsetMs - errorMs))), whole(Math.ceil(us(offsetMs + errorMs)))]
}

/** An incident starts with a critical check and ends with the next ok or warning. */
function followIncident(statements: Statements, id: number, { verdict, reasons }: TargetReport, atMs: number): void {
  if (verdict === 'unknown') return
  const open = statements.open.get(id)?.['id']
  if (verdict !== 'critical') {
    if (open !== undefined) statements.end.run(atMs, open)
  } else if (open !== undefined) {
    statements.goOn.run(atMs, open)
  } else {
    statements.begin.run(id, atMs, atMs, plain(reasons[0] ?? '').slice(0, longestText.reason))
    statements.forget.run(id)
  }
}

/** An incident that was not checked for a day ends with the last check that saw it. */
function closeForgotten(database: DatabaseSync, atMs: number): void {
  database.prepare('UPDATE incident SET ended = last WHERE ended IS NULL AND last < ?').run(atMs - dayMs)
}

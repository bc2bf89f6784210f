import type { DatabaseSync } from 'node:sqlite'

/** `PRAGMA user_version` of this layout. */
export const schemaVersion = 1

/** "roll"; distinguishes a history from other programs' databases (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x726f6c6c

/** Tables of spans, from short to long. */
export const spanTables = ['five_minutes', 'hours', 'days'] as const

export type SpanTable = (typeof spanTables)[number]

/**
 * Times are milliseconds since 1970, latencies and clock offsets microseconds: integers take two to four bytes each. Keys start
 * with the time, so that new rows are appended and thinning frees whole pages.
 */
const tables = `
CREATE TABLE target (id INTEGER PRIMARY KEY, url TEXT NOT NULL, address TEXT NOT NULL, UNIQUE (url, address));
CREATE TABLE checks (
  at INTEGER, target INTEGER, verdict INTEGER NOT NULL, latency INTEGER, low INTEGER, high INTEGER, status INTEGER,
  version TEXT, PRIMARY KEY (at, target)
) WITHOUT ROWID;
CREATE TABLE incident (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL, began INTEGER NOT NULL, last INTEGER NOT NULL, ended INTEGER,
  reason TEXT NOT NULL
);
CREATE INDEX incident_of_target ON incident (target);
${spanTables.map(spanTable).join('')}`

function spanTable(name: string): string {
  return `CREATE TABLE ${name} (
  at INTEGER, target INTEGER, ok INTEGER, warning INTEGER, critical INTEGER, unknown INTEGER,
  latency_min INTEGER, latency_max INTEGER, latency_sum INTEGER, latencies BLOB,
  offset_min INTEGER, offset_max INTEGER, low INTEGER, high INTEGER, PRIMARY KEY (at, target)
) WITHOUT ROWID;
`
}

/** Why a database cannot be used as a history; undefined when it is one, or is empty. */
export function schemaProblem(database: DatabaseSync): string | undefined {
  const version = pragma(database, 'user_version')
  const id = pragma(database, 'application_id')
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (isEmpty && version === 0) return undefined
  if (id !== applicationId) return 'is the database of another program'
  if (version > schemaVersion) {
    return `has format ${version}, written by a newer version of the checker; this one knows format ${schemaVersion}`
  }
  return undefined
}

/** Creates the tables if missing. */
export function createTables(database: DatabaseSync): void {
  if (pragma(database, 'user_version') !== 0) return
  database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
  // Another run may have created them before we got the lock.
  if (pragma(database, 'user_version') === 0) database.exec(tables)
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`)
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}

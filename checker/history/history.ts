import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { CheckReport } from '../verdict/report.ts'
import { lookBack } from './look-back.ts'
import type { Past } from './past.ts'
import { record } from './record.ts'
import { createTables, schemaProblem } from './schema.ts'

/** Why a file cannot hold a history, in one line; undefined when it can, even if it is damaged or missing. Changes nothing. */
export async function historyProblem(file: string): Promise<string | undefined> {
  try {
    const { DatabaseSync } = await loadSqlite()
    if (isAbsent(file)) return undefined
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      const problem = schemaProblem(database)
      return problem === undefined ? undefined : `${file} ${problem}`
    } finally {
      database.close()
    }
  } catch (error) {
    if (isDamage(error)) return undefined
    return error instanceof Error ? error.message : String(error)
  }
}

export interface HistoryUse {
  readonly atMs: number
  /** How long to wait for another writer. */
  readonly waitMs: number
  /** Called when a damaged file was renamed. */
  readonly warn: (line: string) => void
}

/** Records a run, then calls `use`. Renames a damaged file and starts a new one. */
export async function recordRun(
  file: string,
  report: CheckReport,
  { atMs, waitMs, warn }: HistoryUse,
  use: (database: DatabaseSync) => void = () => {},
): Promise<void> {
  const sqlite = await loadSqlite()
  const attempt = () => {
    // SQLite's files next to it get the same mode.
    closeSync(openSync(file, 'a', 0o600))
    const database = new sqlite.DatabaseSync(file)
    try {
      database.exec(`PRAGMA busy_timeout = ${Math.ceil(waitMs)}`)
      const problem = schemaProblem(database)
      if (problem !== undefined) throw new Error(`${file} ${problem}`)
      createTables(database)
      // Survives a crash of the process; a power failure may lose the latest runs, never the file.
      database.exec('PRAGMA synchronous = NORMAL')
      record(database, report, atMs)
      use(database)
    } finally {
      database.close()
    }
  }
  try {
    attempt()
  } catch (error) {
    if (!isDamage(error)) throw error
    warn(`the history was damaged and was renamed to ${setAside(file, atMs)}; a new one was started`)
    attempt()
  }
}

/** Throws when the file cannot be read; changes nothing. */
export async function readHistory(file: string, nowMs: number): Promise<Past> {
  const { DatabaseSync } = await loadSqlite()
  if (isAbsent(file)) throw new Error(`${file} holds no history yet; run a check with --history-file ${file} first`)
  try {
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      database.exec('PRAGMA busy_timeout = 2000')
      const problem = schemaProblem(database)
      if (problem !== undefined) throw new Error(`${file} ${problem}`)
      return lookBack(database, nowMs)
    } finally {
      database.close()
    }
  } catch (error) {
    if (isDamage(error)) throw new Error(`${file} is damaged; the next check renames it`, { cause: error })
    throw error
  }
}

async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  const { emitWarning } = process
  // Node 22 and 24.0 warn on stderr that the module is experimental; cron would mail that after every run.
  process.emitWarning = () => {}
  try {
    const sqlite = await import('node:sqlite')
    // Without the module, the bundle's loader returns nothing instead of throwing.
    if (sqlite.DatabaseSync === undefined) throw new Error('no node:sqlite')
    return sqlite
  } catch (error) {
    throw new Error(`needs Node 22.13 or later for its SQLite; this is ${process.version}`, { cause: error })
  } finally {
    process.emitWarning = emitWarning
  }
}

function isAbsent(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0
}

/** SQLITE_CORRUPT and SQLITE_NOTADB with any extended code (https://www.sqlite.org/rescode.html). */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && [11, 26].includes(Number(error.errcode) & 0xff)
}

function setAside(file: string, atMs: number): string {
  const name = `${file}.damaged-${new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '')}`
  const isTaken = (candidate: string) => statSync(candidate, { throwIfNoEntry: false }) !== undefined
  let aside = name
  for (let number = 2; isTaken(aside); number += 1) aside = `${name}-${number}`
  renameSync(file, aside)
  if (isTaken(`${file}-wal`)) renameSync(`${file}-wal`, `${aside}-wal`)
  rmSync(`${file}-shm`, { force: true })
  return aside
}

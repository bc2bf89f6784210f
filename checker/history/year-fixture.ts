import type { DatabaseSync } from 'node:sqlite'
import type { CheckReport, TargetReport, Verdict } from '../verdict/report.ts'
import { record } from './record.ts'
import type { SpanTable } from './schema.ts'
import { Tally } from './tally.ts'
import { thin, writeSpans } from './thin.ts'

const dayMs = 86_400_000

/** A simulated check of one target. */
export interface FixtureCheck {
  readonly verdict: Verdict
  readonly latencyMs?: number
  readonly offsetMs?: number
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A report of simulated targets. */
export function fixtureReport(checks: readonly FixtureCheck[]): CheckReport {
  const targets = checks.map(({ verdict, latencyMs, offsetMs }, index): TargetReport => {
    const isDown = verdict === 'critical'
    return {
      url: `https://time-${index}.example.org`,
      address: `192.0.2.${index}`,
      verdict,
      reasons: isDown ? ['GET /now: HTTP 502'] : [],
      status: isDown ? 502 : 200,
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(verdict === 'ok' ? { version: { found: '1.4.0' } } : {}),
      ...(offsetMs === undefined
        ? {}
        : { clock: { offsetMs, errorMs: 0.9, limitMs: 1000, format: 'iso8601', samples: 5, clocks: 1 } }),
    }
  })
  return { ok: true, verdict: 'ok', summary: '', targets }
}

/** A check of a service that is slow at noon, drifts, and is sometimes down. */
export function fixtureCheck(random: () => number, atMs: number, index: number): FixtureCheck {
  const isDown = Math.floor(atMs / 3_600_000 + index * 37) % 503 < 1
  if (isDown) return { verdict: 'critical' }
  if (random() < 0.001) return { verdict: 'unknown' }
  const noon = 1 + Math.max(0, Math.sin(((atMs % dayMs) / dayMs) * Math.PI * 2 - Math.PI / 2))
  const latencyMs = Math.round(10 * (12 + index) * noon * (1 + -Math.log(random() + 1e-9) / 3)) / 10
  const offsetMs = Math.round(10 * (40 * Math.sin(atMs / dayMs / 9 + index) + random())) / 10
  return { verdict: latencyMs > 120 ? 'warning' : 'ok', latencyMs, offsetMs }
}

/**
 * Fills a history with a year of one check a minute: past days as spans, as thinning leaves them day by day, and the last two
 * days check by check.
 */
export function fillYear(database: DatabaseSync, targets: number, nowMs: number): void {
  const today = Math.floor(nowMs / dayMs)
  const random = randomNumbers(1)
  for (let day = today - 364; day < today - 2; day += 1) {
    database.exec('BEGIN')
    const isOld = day < today - 10
    addSpans(database, isOld ? 'hours' : 'five_minutes', day * dayMs, isOld ? 3_600_000 : 300_000, targets, random)
    thin(database, (day + 1) * dayMs)
    database.exec('COMMIT')
  }
  for (let atMs = (today - 2) * dayMs; atMs <= nowMs; atMs += 60_000) {
    const checks = Array.from({ length: targets }, (_, index) => fixtureCheck(random, atMs, index))
    record(database, fixtureReport(checks), atMs)
  }
}

function addSpans(
  database: DatabaseSync,
  table: SpanTable,
  dayStartMs: number,
  spanMs: number,
  targets: number,
  random: () => number,
): void {
  const tallies = new Map<string, Tally>()
  for (let index = 0; index < targets; index += 1) {
    const address = `192.0.2.${index}`
    database.prepare('INSERT OR IGNORE INTO target VALUES (?, ?, ?)').run(index + 1, urlOf(index), address)
    for (let fromMs = dayStartMs; fromMs < dayStartMs + dayMs; fromMs += spanMs) {
      const tally = made(fromMs, spanMs, index, targets, random)
      tallies.set(`${fromMs} ${index + 1}`, tally)
      noteIncident(database, index + 1, fromMs, spanMs, tally)
    }
  }
  writeSpans(database, table, tallies)
}

const pool = new Map<string, Tally>()

/** The checks of one span; reused among many targets, since making 50 million takes a minute. */
function made(fromMs: number, spanMs: number, index: number, targets: number, random: () => number): Tally {
  const key = `${spanMs} ${index % 7} ${(fromMs / spanMs) % 997}`
  const known = pool.get(key)
  if (known !== undefined && targets > 10) return known
  const tally = new Tally()
  for (let atMs = fromMs; atMs < fromMs + spanMs; atMs += 60_000) {
    tally.addCheck(rowOf(fixtureCheck(random, atMs, index)))
  }
  pool.set(key, tally)
  return tally
}

function urlOf(index: number): string {
  return `https://time-${index}.example.org`
}

function rowOf({ verdict, latencyMs, offsetMs }: FixtureCheck) {
  const code = { ok: 0, warning: 1, critical: 2, unknown: 3 }[verdict]
  const us = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms * 1000))
  return {
    verdict: code,
    latency: us(latencyMs),
    ...(offsetMs === undefined
      ? { low: null, high: null }
      : { low: us(offsetMs - 0.9) ?? 0, high: us(offsetMs + 0.9) ?? 0 }),
  }
}

function noteIncident(database: DatabaseSync, target: number, fromMs: number, spanMs: number, { counts }: Tally): void {
  if (counts.critical === 0 || fromMs % 3_600_000 !== 0) return
  database
    .prepare('INSERT INTO incident (target, began, last, ended, reason) VALUES (?, ?, ?, ?, ?)')
    .run(target, fromMs, fromMs + spanMs - 60_000, fromMs + 3_600_000, 'GET /now: HTTP 502')
}

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { lookBack } from './look-back.ts'
import { createTables } from './schema.ts'
import { fillYear } from './year-fixture.ts'

const dayMs = 86_400_000
const now = Date.UTC(2026, 5, 15, 14, 7)

// A quarter of the 100 targets of the limit, as every row belongs to one target: all 100 take 39.5 MB and four times as long.
const targets = 25
const mostMegabytes = 50 / 4

t.test('a year of one check a minute stays below 50 MB for 100 targets', async (t) => {
  const file = join(t.testdir(), 'history.db')
  const database = new DatabaseSync(file)
  createTables(database)
  database.exec('PRAGMA synchronous = OFF')
  fillYear(database, targets, now)
  const past = lookBack(database, now)
  t.equal(past.targets.length, targets)
  for (const { windows, days } of past.targets) {
    const checks = Object.values(windows['365d'].checks).reduce((sum, count) => sum + count, 0)
    t.equal(checks, 364 * 1440 + 14 * 60 + 8)
    t.equal(days.length, 90)
  }
  database.close()
  const megabytes = statSync(file).size / 1e6
  t.comment(`${megabytes} MB`)
  t.ok(megabytes < mostMegabytes, `${megabytes} MB`)
  t.ok(megabytes > 4, 'the rows are there')
  const rows = (table: string) => {
    const reader = new DatabaseSync(file, { readOnly: true })
    const { count, oldest } = reader.prepare(`SELECT count(*) AS count, min(at) AS oldest FROM ${table}`).get() ?? {}
    reader.close()
    return { count: Number(count), days: (now - Number(oldest)) / dayMs }
  }
  t.ok(rows('checks').days < 2.1)
  t.ok(rows('five_minutes').days < 9.1)
  t.ok(rows('hours').days < 93.1)
  t.ok(rows('days').days > 363)
})

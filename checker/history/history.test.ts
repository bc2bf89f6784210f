import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import t from 'tap'
import { historyProblem, readHistory, recordRun } from './history.ts'
import { lookBack } from './look-back.ts'
import { windows } from './past.ts'
import { record } from './record.ts'
import { createTables } from './schema.ts'
import { type FixtureCheck, fixtureCheck, fixtureReport, randomNumbers } from './year-fixture.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
const now = Date.UTC(2026, 5, 15, 14, 7)

function openNew(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  createTables(database)
  return database
}

function recordAll(database: DatabaseSync, checks: readonly (FixtureCheck & { readonly atMs: number })[]): void {
  for (const { atMs, ...check } of checks) record(database, fixtureReport([check]), atMs)
}

t.test('figures over 100 days match those of every check, despite thinning', async (t) => {
  const random = randomNumbers(7)
  const checks: (FixtureCheck & { atMs: number })[] = []
  for (let atMs = now - 100 * dayMs; atMs <= now; atMs += 10 * minuteMs) {
    checks.push({ atMs, ...fixtureCheck(random, atMs, 0) })
  }
  const database = openNew()
  recordAll(database, checks)
  const [target] = lookBack(database, now).targets
  for (const [name, days] of Object.entries(windows)) {
    const figures = target?.windows[name as keyof typeof windows]
    const unit = days === 1 ? 1 : days === 7 ? 5 * minuteMs : days === 365 ? dayMs : 60 * minuteMs
    const spanOf = (atMs: number) => Math.floor(atMs / unit) * unit
    // A thinned check counts from the beginning of its span.
    const kept = checks.filter(({ atMs }) => (now - atMs > 2.05 * dayMs ? spanOf(atMs) : atMs) >= now - days * dayMs)
    const count = (verdict: string) => kept.filter((check) => check.verdict === verdict).length
    const latencies = kept.flatMap(({ latencyMs = -1 }) => (latencyMs < 0 ? [] : [latencyMs])).sort((a, b) => a - b)
    const offsets = kept.flatMap(({ offsetMs }) => (offsetMs === undefined ? [] : [offsetMs]))
    const available = (count('ok') + count('warning')) / (kept.length - count('unknown'))
    t.match(
      figures,
      {
        checks: { ok: count('ok'), warning: count('warning'), critical: count('critical'), unknown: count('unknown') },
        availability: available,
        latencyMs: { min: latencies[0], max: latencies.at(-1) },
      },
      name,
    )
    const near = (found = 0, wanted = 0, share = 0) => Math.abs(found - wanted) <= Math.abs(wanted) * share + 0.002
    const sum = latencies.reduce((all, one) => all + one, 0)
    t.ok(near(figures?.latencyMs?.average, sum / latencies.length), `${name}: average`)
    for (const [key, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
    ] as const) {
      const wanted = latencies[Math.ceil(share * latencies.length) - 1]
      t.ok(near(figures?.latencyMs?.[key], wanted, 0.05), `${name}: ${key} ${figures?.latencyMs?.[key]}, ${wanted}`)
    }
    t.ok(near(figures?.offsetMs?.min, Math.min(...offsets)), `${name}: lowest offset`)
    t.ok(near(figures?.offsetMs?.low, Math.min(...offsets) - 0.9), `${name}: lower bound`)
    t.ok((figures?.offsetMs?.low ?? 0) <= Math.min(...offsets) - 0.9 + 1e-9, `${name}: the bound is never narrower`)
    t.ok(near(figures?.offsetMs?.high, Math.max(...offsets) + 0.9), `${name}: upper bound`)
  }
  t.ok(Number(database.prepare('SELECT count(*) AS rows FROM checks').get()?.['rows']) <= 2 * 144 + 7)
})

t.test('an incident lasts from its first critical check to the next good one, unknown aside', async (t) => {
  const database = openNew()
  const verdicts = ['ok', 'critical', 'unknown', 'critical', 'warning', 'unknown', 'ok', 'critical'] as const
  recordAll(
    database,
    verdicts.map((verdict, index) => ({ verdict, atMs: now + index * minuteMs })),
  )
  const iso = (minute: number) => new Date(now + minute * minuteMs).toISOString()
  t.strictSame(lookBack(database, now + 9 * minuteMs).targets[0]?.incidents, [
    { began: iso(7), lengthMs: 2 * minuteMs, reason: 'GET /now: HTTP 502' },
    { began: iso(1), ended: iso(4), lengthMs: 3 * minuteMs, reason: 'GET /now: HTTP 502' },
  ])
  t.test('an incident without checks for a day ended when last seen', async (t) => {
    recordAll(database, [{ verdict: 'critical', atMs: now + 2 * dayMs }])
    const incidents = lookBack(database, now + 2 * dayMs).targets[0]?.incidents ?? []
    t.match(incidents, [{ lengthMs: 0 }, { began: iso(7), ended: iso(7) }, {}])
  })
})

t.test('an unmeasured value is absent, not zero', async (t) => {
  const database = openNew()
  recordAll(database, [
    { verdict: 'unknown', atMs: now - 3 * dayMs },
    { verdict: 'unknown', atMs: now },
  ])
  const none = { ok: 0, warning: 0, critical: 0 }
  const { windows: all, days } = lookBack(database, now).targets[0] ?? {}
  t.strictSame(all?.['24h'], { checks: { ...none, unknown: 1 } })
  t.strictSame(all?.['7d'], { checks: { ...none, unknown: 2 } })
  t.equal(days?.length, 2, 'days without a check are absent')
})

t.test('shows the last check for two days, thinned or not', async (t) => {
  const database = openNew()
  recordAll(database, [{ verdict: 'ok', atMs: now }])
  t.match(lookBack(database, now + 2 * dayMs).targets[0]?.last, { verdict: 'ok', status: 200, version: '1.4.0' })
  t.equal(lookBack(database, now + 2 * dayMs + 1).targets[0]?.last, undefined)
})

t.test('a run with a clock decades ahead does not age the other checks', async (t) => {
  const database = openNew()
  recordAll(
    database,
    [now, now + 40 * 365 * dayMs, now + minuteMs].map((atMs) => ({ verdict: 'ok', atMs })),
  )
  t.equal(lookBack(database, now + minuteMs).targets[0]?.windows['24h'].checks.ok, 2)
})

t.test('keeps the latest 200 incidents of days of flapping', async (t) => {
  const database = openNew()
  recordAll(
    database,
    Array.from({ length: 900 }, (_, index) => ({
      verdict: index % 2 === 0 ? ('critical' as const) : ('ok' as const),
      atMs: now + index * minuteMs,
    })),
  )
  const incidents = lookBack(database, now + 900 * minuteMs).targets[0]?.incidents
  t.equal(incidents?.length, 200)
  t.equal(incidents?.[0]?.began, new Date(now + 898 * minuteMs).toISOString())
})

const report = fixtureReport([{ verdict: 'ok', latencyMs: 3, offsetMs: 1 }])
const use = (atMs: number, warn: (line: string) => void) => ({ atMs, waitMs: 5000, warn })

t.test('refuses the file of a newer version or of another program, and leaves it alone', async (t) => {
  const file = join(t.testdir(), 'history.db')
  await recordRun(file, report, use(now, t.fail))
  t.equal(await historyProblem(file), undefined)
  const database = new DatabaseSync(file)
  database.exec('PRAGMA user_version = 99')
  database.close()
  t.match(await historyProblem(file), /history\.db has format 99, written by a newer version/)
  await t.rejects(recordRun(file, report, use(now, t.fail)), /newer version/)
  await t.rejects(readHistory(file, now), /newer version/)
  const other = new DatabaseSync(`${file}2`)
  other.exec('CREATE TABLE letters (text)')
  other.close()
  t.match(await historyProblem(`${file}2`), /history\.db2 is the database of another program/)
})

t.test('renames and reports a damaged file and starts a new one', async (t) => {
  for (const damage of ['head', 'middle']) {
    const file = join(mkdtempSync(join(t.testdir(), 'x')), 'history.db')
    for (let run = 0; run < 50; run += 1) await recordRun(file, report, use(now + run, t.fail))
    const bytes = readFileSync(file)
    bytes.fill(0xee, damage === 'head' ? 0 : 4096, damage === 'head' ? 4096 : bytes.length)
    writeFileSync(file, bytes)
    t.equal(await historyProblem(file), undefined)
    await t.rejects(readHistory(file, now + 60), { message: `${file} is damaged; the next check renames it` })
    const said: string[] = []
    await recordRun(
      file,
      report,
      use(now + 60, (line) => said.push(line)),
    )
    const aside = `${file}.damaged-20260615T140700Z`
    t.strictSame(said, [`the history was damaged and was renamed to ${aside}; a new one was started`])
    t.strictSame(readFileSync(aside), bytes)
    t.strictSame(readdirSync(join(file, '..')).sort(), ['history.db', 'history.db.damaged-20260615T140700Z'])
    t.equal((await readHistory(file, now + 60)).targets[0]?.windows['24h'].checks.ok, 1)
  }
})

t.test('concurrent runs wait for each other, even when the file is new', async (t) => {
  const file = join(t.testdir(), 'history.db')
  const source = `
    import { recordRun } from ${JSON.stringify(new URL('history.ts', import.meta.url).href)}
    const [file, from] = process.argv.slice(1)
    for (let run = 0; run < 20; run += 1) {
      await recordRun(file, ${JSON.stringify(report)}, { atMs: Number(from) + run, waitMs: 20_000, warn: () => {} })
    }`
  const run = (from: number) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', source, file, String(from)])
  await Promise.all([run(now), run(now + 1000), run(now + 2000)])
  t.equal((await readHistory(file, now + 9999)).targets[0]?.windows['24h'].checks.ok, 60)
})

t.test('without a file, says how to start a history', async (t) => {
  const file = join(t.testdir(), 'history.db')
  await t.rejects(readHistory(file, now), /holds no history yet; run a check with --history-file/)
  t.strictSame(readdirSync(join(file, '..')), [])
})

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { builtChecker } from '../fixtures/bundle.ts'
import { freeUrl, startService, timeService } from '../fixtures/service.ts'
import { defaultOptions } from '../options/options.ts'
import { readHistory } from './history.ts'
import { runHistory } from './run-history.ts'
import { fixtureReport } from './year-fixture.ts'

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const bundle = await builtChecker()

function run(argv: readonly string[], node = process.execPath): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(node, [bundle, ...argv], (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? Number.NaN, stdout, stderr })
    })
  })
}

t.test('the bundle records, shows the history, and writes page and badge', async (t) => {
  const folder = t.testdir()
  const [history, page, badge] = ['history.db', 'status.html', 'badge.svg'].map((name) => join(folder, name))
  const url = await startService(t, timeService())
  const argv = ['--samples', '1', '--history-file', `${history}`, '--page', `${page}`, '--badge', `${badge}`]
  t.match(await run([...argv, url]), { code: 0, stderr: '' })
  const down = await freeUrl()
  t.match(await run([...argv, url, down]), { code: 2, stderr: '' })
  t.match(readFileSync(`${badge}`, 'utf8'), '>critical</text>')
  t.match(readFileSync(`${page}`, 'utf8'), '<h1>1 of 2 targets is critical</h1>')
  const shown = await run(['--history', '--history-file', `${history}`])
  t.match(shown, { code: 0, stderr: '' })
  t.match(shown.stdout, /^2 targets, until /)
  const { ok, targets } = JSON.parse((await run(['--history', '--history-file', `${history}`, '--json'])).stdout)
  t.equal(ok, true)
  const of = (wanted: string) => targets.find((target: { url: string }) => target.url === wanted)
  t.match(of(url), {
    last: { verdict: 'ok', version: '1.4.0' },
    windows: { '24h': { checks: { ok: 2 }, availability: 1 } },
  })
  t.match(of(down), { windows: { '24h': { checks: { critical: 1 }, availability: 0 } }, incidents: [{}] })
  t.notOk('latencyMs' in of(down).windows['24h'])
})

t.test('leaves the page alone and says so when time runs out; the check is recorded', async (t) => {
  const folder = t.testdir({ 'status.html': 'old' })
  const [historyFile, page] = [join(folder, 'history.db'), join(folder, 'status.html')]
  const report = fixtureReport([{ verdict: 'ok', latencyMs: 3 }])
  const options = { ...defaultOptions(), historyFile, page }
  const late = /status\.html was not updated: --timeout leaves too little time for it$/
  await t.rejects(runHistory(report, options, 0, { warn: t.fail }), { message: late })
  t.equal(readFileSync(page, 'utf8'), 'old')
  t.match(await readHistory(historyFile, Date.now()), { targets: [{ windows: { '24h': { checks: { ok: 1 } } } }] })
  await runHistory(report, options, 10_000, { warn: t.fail })
  t.match(readFileSync(page, 'utf8'), '<h1>Everything is up</h1>')
})

t.test('a failure to record turns ok into unknown and leaves critical alone', async (t) => {
  const history = join(t.testdir(), 'history.db')
  const argv = ['--samples', '1', '--timeout', '2s', '--history-file', history]
  const url = await startService(t, timeService())
  await run([...argv, url])
  const blocker = new DatabaseSync(history)
  blocker.exec('BEGIN IMMEDIATE')
  const stderr = /^error: --history-file: database is locked\n$/
  t.match(await run([...argv, url]), { code: 3, stderr })
  t.match(await run([...argv, await freeUrl()]), { code: 2, stderr })
  blocker.close()
})

t.test('refuses the history of a newer version before the first request', async (t) => {
  const history = join(t.testdir(), 'history.db')
  const database = new DatabaseSync(history)
  database.exec(`CREATE TABLE later (id); PRAGMA application_id = ${0x726f6c6c}; PRAGMA user_version = 2`)
  database.close()
  let asked = 0
  const url = await startService(t, () => {
    asked += 1
  })
  const { code, stderr } = await run(['--history-file', history, url])
  t.same({ code, asked }, { code: 3, asked: 0 })
  t.match(stderr, /^error: --history-file: .* has format 2, written by a newer version/)
})

const oldNode = '/usr/bin/node'
const isOld = existsSync(oldNode)
t.test('Node without SQLite reports it and can still check', { skip: !isOld && 'no other Node here' }, async (t) => {
  const { stdout } = await new Promise<Ended>((resolve) => {
    execFile(oldNode, ['-p', 'process.version'], (_, stdout, stderr) => resolve({ code: 0, stdout, stderr }))
  })
  const folder = t.testdir()
  const url = await startService(t, timeService())
  const badge = join(folder, 'badge.svg')
  t.match(await run(['--samples', '1', '--badge', badge, url], oldNode), { code: 0, stderr: '' })
  t.ok(existsSync(badge))
  if (Number(stdout.slice(1).split('.')[0]) >= 22) return
  for (const argv of [[url], ['--history']]) {
    const { code, stderr } = await run(['--history-file', join(folder, 'history.db'), ...argv], oldNode)
    t.equal(code, 3)
    t.match(stderr, `error: --history-file: needs Node 22.13 or later for its SQLite; this is ${stdout.trim()}\n`)
  }
})

t.test('public files are world-readable and private ones are not, whatever the umask', async (t) => {
  const url = await startService(t, timeService())
  for (const umask of [0o077, 0o022, 0]) {
    const folder = t.testdir()
    const files = { output: 't.prom', page: 's.html', badge: 'b.svg', state: 'state.json', 'history-file': 'h.db' }
    const before = process.umask(umask)
    const flags = Object.entries(files).map(([flag, name]) => `--${flag}=${join(folder, name)}`)
    const ended = run(['--samples', '1', ...flags, url])
    process.umask(before)
    t.match(await ended, { code: 0, stderr: '' })
    const modes = Object.values(files).map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8))
    t.same(modes, ['644', '644', '644', '600', '600'])
  }
})

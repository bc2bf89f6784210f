import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { RollEvent } from '../lib/roll/events.ts'
import { openReport, reportProblem } from './report.ts'
import { readEvents } from './report-files.ts'
import { rollFixture } from './roll-fixture.ts'

const events = rollFixture({ size: 2, surge: 1 })
const killed = rollFixture({ size: 2, surge: 1, killedAtSecond: 40 })
const resumedAt = killed.findLastIndex(({ event }) => event === 'began')
const write = (file: string, some: readonly RollEvent[]) => {
  const report = openReport(file)
  for (const event of some) report.onEvent(event)
  return report
}

t.test('writes two files, whatever extension is given', async (t) => {
  for (const name of ['roll', 'roll.html', 'roll.jsonl']) {
    const folder = t.testdir()
    t.strictSame(write(join(folder, name), events).finish(), {
      page: join(folder, 'roll.html'),
      events: join(folder, 'roll.jsonl'),
    })
    t.strictSame(readdirSync(folder).sort(), ['roll.html', 'roll.jsonl'], 'and nothing else is left')
  }
  const folder = t.testdir()
  t.equal(write(join(folder, 'of.today'), events).finish().page, join(folder, 'of.today.html'))
})

t.test('writes each event to the file before the sink returns', async (t) => {
  const file = join(t.testdir(), 'roll')
  const report = openReport(file)
  for (const [index, event] of events.slice(0, 5).entries()) {
    report.onEvent(event)
    t.strictSame(readEvents(`${file}.jsonl`), events.slice(0, index + 1))
  }
  t.notOk(existsSync(`${file}.html`), 'the page is written at the end')
})

t.test('a run that carries on appends to the file of a killed one, without its half line', async (t) => {
  const file = join(t.testdir(), 'roll')
  write(file, killed.slice(0, resumedAt))
  writeFileSync(`${file}.jsonl`, '{"at":"2026-05-04T09:30:39.0', { flag: 'a' })
  const { page } = write(file, killed.slice(resumedAt)).finish()
  t.strictSame(readEvents(`${file}.jsonl`), killed)
  t.match(readFileSync(page, 'utf8'), 'in 2 runs, 1 killed')
})

t.test('a new roll starts a new file and keeps the one before', async (t) => {
  const file = join(t.testdir(), 'roll')
  write(file, killed).finish()
  write(file, events).finish()
  t.strictSame(readEvents(`${file}.jsonl`), events)
  t.strictSame(readEvents(`${file}.previous.jsonl`), killed)
})

t.test('a failing report does not fail the roll; finish reports it', async (t) => {
  const folder = t.testdir()
  const report = openReport(join(folder, 'gone', 'roll'))
  t.doesNotThrow(() => report.onEvent(events[0] as RollEvent))
  t.throws(() => report.finish(), { kind: 'failed', message: /^the report is not whole: ENOENT/ })
})

t.test('the page says when there are no events', async (t) => {
  const { page } = openReport(join(t.testdir(), 'roll')).finish()
  t.match(readFileSync(page, 'utf8'), '<h1>No roll is recorded yet</h1>')
})

t.test('reports what is in the way before anything is written', async (t) => {
  const folder = t.testdir({ file: '', taken: { 'roll.html': {} } })
  mkdirSync(join(folder, 'free'))
  t.equal(reportProblem(join(folder, 'free', 'roll')), undefined)
  t.equal(reportProblem(join(folder, 'none', 'roll')), `there is no folder ${join(folder, 'none')}`)
  t.equal(reportProblem(join(folder, 'file', 'roll')), `${join(folder, 'file')} is no folder`)
  t.match(reportProblem(join(folder, 'taken', 'roll.jsonl')), /roll\.html is there, and is no file/)
  t.strictSame(readdirSync(join(folder, 'free')), [])
})

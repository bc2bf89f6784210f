import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { OperatorError } from '../../lib/errors.ts'
import type { RollEvent } from '../../lib/roll/events.ts'
import { plainPolicy } from '../../lib/roll/policy.ts'
import type { RollResult } from '../../lib/roll/task.ts'
import { recordingProgress } from '../../terminal/progress.ts'
import { rollResult } from './open-roll.ts'
import { openRollReport } from './report.ts'

const replaced = [{ from: 'i-1', to: 'i-2' }]

t.test('each outcome has its line and its exit code', (t) => {
  const table: [result: RollResult, verb: string, line: string, exitCode: number][] = [
    [{ outcome: 'rolled', image: 'b', replaced, seconds: 5 }, 'roll', 'rolled 1 instance to b in 5 s', 0],
    [{ outcome: 'unchanged', image: 'b', replaced: [], seconds: 0 }, 'roll', 'unchanged: every instance runs b', 0],
    [
      { outcome: 'rolled-back', image: 'a', replaced: [], seconds: 9, reason: 'i-2 died' },
      'roll',
      'rolled back to a: i-2 died',
      4,
    ],
    [
      { outcome: 'paused', image: 'b', replaced, seconds: 9 },
      'roll',
      'paused on the way to b, 1 instance replaced by this run; the same command carries on, npm run rollback goes back',
      0,
    ],
    [
      { outcome: 'paused', image: 'a', replaced, seconds: 9 },
      'rollback',
      'paused on the way to a, 1 instance replaced by this run; the same command carries on',
      0,
    ],
    [
      {
        outcome: 'planned',
        image: 'b',
        replaced: [],
        seconds: 0,
        steps: [
          { do: 'launch', count: 1, because: 'one is missing' },
          { do: 'drain', instanceId: 'i-1', because: 'on a' },
        ],
      },
      'roll',
      'launch: one is missing\ndrain i-1: on a',
      0,
    ],
  ]
  for (const [result, verb, line, exitCode] of table) {
    const told = rollResult(result, verb)
    t.match(told, { line, exitCode }, line)
    t.equal(told.facts['outcome'], result.outcome)
  }
  t.end()
})

const at = '2026-01-01T00:00:00.000Z'
const began: RollEvent = {
  at,
  event: 'began',
  group: 'g',
  imageId: 'b',
  previousImageId: 'a',
  size: 1,
  policy: plainPolicy,
  resumed: false,
}
const ended: RollEvent = { at, event: 'ended', outcome: 'rolled', imageId: 'b', replaced: 1, seconds: 5 }
const done = { line: 'rolled', facts: { outcome: 'rolled' } }

t.test('without --report nothing is kept', async (t) => {
  const report = openRollReport(undefined, recordingProgress())
  t.equal(report.onEvent, undefined)
  t.equal(await report.keep(async () => done), done)
})

t.test('a report is named in line and facts', async (t) => {
  const file = join(t.testdir(), 'roll.html')
  const { onEvent, keep } = openRollReport(file, recordingProgress())
  const result = await keep(async () => {
    onEvent?.(began)
    onEvent?.(ended)
    return done
  })
  const events = file.replace('.html', '.jsonl')
  t.same(result, { line: `rolled; report: ${file}`, facts: { outcome: 'rolled', report: { page: file, events } } })
  t.match(readFileSync(file, 'utf8'), /<html/)
  t.equal(readFileSync(events, 'utf8').trim().split('\n').length, 2)
})

t.test('a roll that failed or was stopped has one, too', async (t) => {
  const file = join(t.testdir(), 'roll.html')
  const progress = recordingProgress()
  const { onEvent, keep } = openRollReport(file, progress)
  const failure = new OperatorError('interrupted', 'stopped')
  const work = keep(async () => {
    onEvent?.(began)
    throw failure
  })
  await t.rejects(work, failure)
  t.ok(existsSync(file))
  t.same(progress.lines, [`report: ${file}`])
})

t.test('a roll that had nothing to do, or was refused, leaves the report of the one before', async (t) => {
  const file = join(t.testdir(), 'roll')
  const { keep } = openRollReport(file, recordingProgress())
  t.same(await keep(async () => done), done)
  await t.rejects(keep(() => Promise.reject(new OperatorError('refused', 'locked'))))
  t.notOk(existsSync(`${file}.html`))
})

t.test('where no report can be, none is begun; one that breaks off is a warning, not a failed roll', async (t) => {
  const folder = t.testdir({ file: '' })
  t.throws(() => openRollReport(join(folder, 'none', 'roll'), recordingProgress()), {
    message: `--report: there is no folder ${join(folder, 'none')}`,
  })
  const progress = recordingProgress()
  const { onEvent, keep } = openRollReport(join(folder, 'roll'), progress)
  const result = await keep(async () => {
    onEvent?.(began)
    // The page's own place is taken meanwhile.
    mkdirSync(join(folder, 'roll.html'))
    writeFileSync(join(folder, 'roll.html', 'other'), '')
    return done
  })
  t.same(result, done)
  t.match(progress.lines, [/^warning: the report is not whole: /])
})

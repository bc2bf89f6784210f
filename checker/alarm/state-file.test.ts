import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parseChannel } from './channels/channel.ts'
import type { Channel } from './channels/channel-target.ts'
import { noticeOf, reportOf } from './fixtures/notices.ts'
import { nextAlarms } from './next-alarms.ts'
import { enqueue } from './outbox.ts'
import { type AlarmState, freshState } from './state.ts'
import { loadState, saveState, stateProblem } from './state-file.ts'

const nowMs = Date.UTC(2026, 0, 1, 12)
const policy = { failures: 1, successes: 1, remindMs: 0 }

function someState(): AlarmState {
  const { state, notices } = nextAlarms(freshState, reportOf('critical', 'ok', 'unknown'), policy, nowMs)
  return { ...state, outbox: enqueue(notices, [parseChannel('https://u:secret@h/secret') as Channel], nowMs) }
}

t.test('restores what was saved; the file is private and holds no secrets', (t) => {
  const file = join(t.testdir({}), 'state.json')
  t.same(loadState(file, nowMs), { state: freshState })
  saveState(file, someState())
  t.same(loadState(file, nowMs), { state: someState() })
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.notMatch(readFileSync(file, 'utf8'), 'secret')
  const before = statSync(file).ino
  saveState(file, freshState)
  t.not(statSync(file).ino, before, 'another file was renamed to it')
  t.same(readdirSync(join(file, '..')), ['state.json'])
  t.end()
})

t.test('keeps a symlink, overwrites the remains of a killed run, reads an empty file as none', (t) => {
  const folder = t.testdir({ real: { state: '' }, link: t.fixture('symlink', 'real/state') })
  writeFileSync(join(folder, 'real/.state.new'), 'half a')
  t.same(loadState(join(folder, 'link'), nowMs), { state: freshState })
  saveState(join(folder, 'link'), someState())
  t.same(loadState(join(folder, 'real/state'), nowMs).state, someState())
  t.same(readdirSync(join(folder, 'real')), ['state'])
  t.end()
})

t.test('a corrupt file is renamed and reported', (t) => {
  const corrupt = [
    '{"version":1,"targ',
    'null',
    '[]',
    '{}',
    '{"version":1}',
    '{"version":"1","targets":{},"outbox":[]}',
    '\u0000\u0000',
  ]
  for (const [index, content] of corrupt.entries()) {
    const folder = t.testdir({ [`state-${index}`]: content })
    const file = join(folder, `state-${index}`)
    t.equal(stateProblem(file), undefined, 'it does not prevent a start')
    const { state, note } = loadState(file, nowMs)
    t.same(state, freshState)
    t.match(note, `renamed to ${file}.corrupt-20260101T120000Z`)
    t.same(readdirSync(folder), [`state-${index}.corrupt-20260101T120000Z`])
    t.equal(readFileSync(`${file}.corrupt-20260101T120000Z`, 'utf8'), content)
    writeFileSync(file, content)
    t.match(loadState(file, nowMs).note, 'corrupt-20260101T120000Z-2', 'a second one in the same second')
  }
  t.end()
})

t.test('renames a state that is broken in any way and never fails on it', (t) => {
  const folder = t.testdir({})
  const whole = JSON.stringify({ version: 1, ...someState() })
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.constantFrom('', '0', '"', '{', 'null', '-1', '[]'), (at, change) => {
      const file = join(folder, 'state')
      writeFileSync(file, whole.slice(0, at) + change + whole.slice(at + 1))
      if (stateProblem(file) !== undefined) return
      const { state } = loadState(file, nowMs)
      nextAlarms(state, reportOf('ok', 'critical', 'unknown'), policy, nowMs + 1)
      saveState(file, state)
    }),
    { numRuns: 100 },
  )
  t.pass()
  t.end()
})

t.test('refuses the state of a newer format and leaves it alone', (t) => {
  const content = '{"version":2,"everything":"else"}'
  const file = join(t.testdir({ state: content }), 'state')
  t.equal(
    stateProblem(file),
    `${file} has format 2, written by a newer version of the checker; this one knows format 1`,
  )
  t.throws(() => loadState(file, nowMs), { message: /has format 2/ })
  t.equal(readFileSync(file, 'utf8'), content)
  t.end()
})

t.test('names a place where no state can be kept', (t) => {
  const folder = t.testdir({ file: '' })
  t.equal(stateProblem(folder), `${folder} is not a regular file`)
  t.match(stateProblem(join(folder, 'none/state')), /^cannot write .*there is no folder/)
  if (process.getuid?.() !== 0) {
    chmodSync(join(folder, 'file'), 0)
    t.match(stateProblem(join(folder, 'file')), /^cannot read .*EACCES/)
  }
  t.end()
})

t.test('moves times that a clock set back left in the future to now', (t) => {
  const file = join(t.testdir({}), 'state')
  saveState(file, someState())
  const { state } = loadState(file, nowMs - 3_600_000)
  const target = state.targets['http://service-0 10.0.0.1']
  t.equal(target?.seenMs, nowMs - 3_600_000)
  t.equal(target?.outage.sinceMs, nowMs - 3_600_000)
  t.equal(target?.outage.alarm?.toldMs, nowMs - 3_600_000)
  t.equal(state.outbox[0]?.queuedMs, nowMs - 3_600_000)
  t.match(state.outbox[0]?.notices[0], { since: noticeOf().since.replace('00:00:00', '12:00:00') })
  t.end()
})

import t from 'tap'
import type { Group, RollRecord } from '../platform.ts'
import { back, fresh, nowMs, old, record, type Sketch, snapshot } from './fleet-fixture.ts'
import { countOutdated, openRecord, replacedBetween, rolledBack } from './record.ts'

const at = (ms: number) => new Date(ms).toISOString()

/** A group that wants `imageId`. */
function groupOf(fleet: Record<string, Sketch>, imageId: string, roll?: RollRecord): Group {
  return { ...snapshot(fleet).group, imageId, ...(roll ? { roll } : {}) }
}

const onNew = { a: fresh({ ageSeconds: 900 }), b: fresh() }
const mixed = { a: old(), b: fresh() }

t.test('a roll that has nothing to do has no record', (t) => {
  t.equal(openRecord(groupOf(onNew, 'new'), 'new', { force: false }, nowMs), undefined)
  t.equal(openRecord(groupOf({}, 'new'), 'new', { force: false }, nowMs), undefined)
  t.end()
})

t.test('a roll of its own', (t) => {
  const made = { imageId: 'new', previousImageId: 'old', startedAt: at(nowMs), force: false, rollingBack: false }
  const table: [string, Group, boolean, Partial<RollRecord>][] = [
    ['an instance is on another image', groupOf(mixed, 'new'), false, {}],
    ['the group wants another image', groupOf(onNew, 'old'), false, {}],
    ['an empty group wants another one', groupOf({}, 'old'), false, {}],
    [
      'by force, everything that is there now is old',
      groupOf(onNew, 'new'),
      true,
      { force: true, previousImageId: 'new', startedAt: at(nowMs - 30_000 + 1) },
    ],
    ['by force, of an empty group', groupOf({}, 'old'), true, { force: true }],
    ['an unfinished one to elsewhere', groupOf(mixed, 'x', { ...record, imageId: 'x' }), false, {}],
    ['an unfinished one to elsewhere, nothing outdated', groupOf(onNew, 'new', { ...record, imageId: 'x' }), false, {}],
    [
      'back out of an unfinished one',
      groupOf(mixed, 'x', { ...record, imageId: 'x', previousImageId: 'new' }),
      false,
      { previousImageId: 'x' },
    ],
    [
      'the same, now by force',
      groupOf({ a: old() }, 'new', { ...record, previousImageId: 'before' }),
      true,
      { force: true, previousImageId: 'before', startedAt: at(nowMs - 3_600_000 + 1) },
    ],
  ]
  for (const [name, group, force, change] of table) {
    t.strictSame(openRecord(group, 'new', { force }, nowMs), { ...made, ...change }, name)
  }
  t.end()
})

t.test('an unfinished roll to the image is carried on as it is', (t) => {
  for (const [roll, force] of [
    [record, false],
    [back, false],
    [{ ...record, force: true }, true],
    [{ ...record, force: true }, false],
  ] as const) {
    t.equal(openRecord(groupOf(onNew, 'new', roll), 'new', { force }, nowMs), roll)
  }
  t.end()
})

t.test('a rollback is known as one', (t) => {
  const roll = (isRollback?: true) => openRecord(groupOf(mixed, 'old'), 'new', { force: false, isRollback }, nowMs)
  t.match(roll(true), { isRollback: true })
  t.equal('isRollback' in (roll() ?? {}), false)
  t.end()
})

t.test('rolling back keeps everything else but the setbacks', (t) => {
  t.strictSame(rolledBack({ ...record, setbacks: 1, passed: 2 }, 'm3 died'), { ...back, passed: 2 })
  t.end()
})

t.test('who took whose place', (t) => {
  const between = (before: string[], after: string[]) => {
    const [was, is] = [before, after].map((ids) => snapshot(Object.fromEntries(ids.map((id) => [id, old()]))).group)
    return replacedBetween(was as Group, is as Group).map(({ from, to }) => `${from} ${to}`)
  }
  const table: [string, string[], string[], string[]][] = [
    ['all', ['a', 'b'], ['c', 'd'], ['a c', 'b d']],
    ['some', ['a', 'b'], ['b', 'c'], ['a c']],
    ['none', ['a'], ['a'], []],
    ['fewer than were there', ['a', 'b'], ['c'], ['a c']],
    ['more than were there', ['a'], ['b', 'c'], ['a b']],
  ]
  for (const [name, before, after, expected] of table) t.same(between(before, after), expected, name)
  t.end()
})

t.test('how many a roll would replace', (t) => {
  const { group } = snapshot({ a: old(), b: fresh({ ageSeconds: 61 }), c: fresh({ ageSeconds: 60 }) })
  t.equal(countOutdated(group, record), 1)
  t.equal(countOutdated(group, { ...record, force: true }), 2)
  t.end()
})

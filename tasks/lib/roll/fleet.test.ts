import t from 'tap'
import { isGood, isOlderThan, targetImageId } from './fleet.ts'
import { back, booting, fleetOf, fresh, instanceOf, old, record, type Sketch, snapshot } from './fleet-fixture.ts'
import type { RollSnapshot } from './snapshot.ts'

const ids = (instances: readonly { readonly id: string }[]) => instances.map(({ id }) => id).join(' ')

/** `wanted | leaving | dead`, each in order. */
function sorted(shot: RollSnapshot, first: readonly string[] = []): string {
  const { wanted, leaving, dead } = fleetOf(shot, first)
  return `${ids(wanted)} | ${ids(leaving)} | ${ids(dead)}`
}

const before: Sketch = { ageSeconds: 61 }
const forced = { record: { ...record, force: true } }
const inRollback = { record: back }

t.test('who stays, who leaves, who is gone', (t) => {
  const table: [string, RollSnapshot, string, string[]?][] = [
    ['nobody', snapshot({}), ' |  | '],
    [
      'the new stay, the old leave, the gone are gone',
      snapshot({ a: old(), b: old({ state: 'stopped' }), c: fresh() }),
      'c | a | b',
    ],
    ['the booting stay', snapshot({ c: booting() }), 'c |  | '],
    [
      'the gone ones, new or old',
      snapshot({ a: fresh({ state: 'stopped' }), b: old({ state: 'stopped' }) }),
      ' |  | a b',
    ],
    ['a new one that drains leaves', snapshot({ c: fresh({ health: 'draining' }) }), ' | c | '],
    ['one that was there stays', snapshot({ c: fresh(before) }), 'c |  | '],
    ['by force it leaves', snapshot({ c: fresh(before), d: fresh() }, forced), 'd | c | '],
    ['by force, one of the very moment stays', snapshot({ c: fresh({ ageSeconds: 60 }) }, forced), 'c |  | '],
    ['a condemned one leaves', snapshot({ c: fresh(), d: fresh() }, { condemned: new Set(['d']) }), 'c | d | '],
    [
      'a condemned one that is gone',
      snapshot({ d: fresh({ state: 'stopped' }) }, { condemned: new Set(['d']) }),
      ' |  | d',
    ],
    ['the rollback: the old stay', snapshot({ a: old(), c: fresh() }, inRollback), 'a | c | '],
    [
      'the rollback: one that begins to serve stays',
      snapshot({ a: old({ health: 'initial' }) }, inRollback),
      'a |  | ',
    ],
    ['the rollback: an unhealthy old one leaves', snapshot({ a: old({ health: 'unhealthy' }) }, inRollback), ' | a | '],
    ['the rollback: a drained old one leaves', snapshot({ a: old({ health: 'unused' }) }, inRollback), ' | a | '],
    [
      'the rollback: one that was launched since stays',
      snapshot({ a: old({ health: 'unhealthy', ageSeconds: 60 }) }, inRollback),
      'a |  | ',
    ],
    [
      'the rollback: unless it drains',
      snapshot({ a: old({ health: 'draining', ageSeconds: 1 }) }, inRollback),
      ' | a | ',
    ],
    [
      'the rollback by force: the old of the image stay',
      snapshot({ a: old(), c: fresh() }, { record: { ...back, force: true } }),
      'a | c | ',
    ],
  ]
  for (const [name, shot, expected, first] of table) t.equal(sorted(shot, first), expected, name)
  t.end()
})

t.test('no more than the size stay', (t) => {
  const ready = (ageSeconds: number) => fresh({ ageSeconds })
  const unready = (ageSeconds: number) => fresh({ ageSeconds, seen: {} })
  const one = { size: 1 }
  const table: [string, RollSnapshot, string][] = [
    ['exactly the size', snapshot({ c: ready(20), d: ready(10) }), 'd c |  | '],
    ['the oldest of the ready', snapshot({ c: ready(20), d: ready(10) }, one), 'c | d | '],
    ['the ready before the unready', snapshot({ c: unready(20), d: ready(10) }, one), 'd | c | '],
    ['the serving before the booting', snapshot({ c: booting({ ageSeconds: 20 }), d: unready(10) }, one), 'd | c | '],
    [
      'the booting before the drained',
      snapshot({ c: fresh({ health: 'unused', ageSeconds: 20 }), d: booting() }, one),
      'd | c | ',
    ],
    ['none of an empty group', snapshot({ c: ready(20) }, { size: 0 }), ' | c | '],
    [
      'the rollback: readiness of the old counts for nothing',
      snapshot(
        { a: old({ ageSeconds: 70 }), b: old({ ageSeconds: 65, seen: { ready: true } }) },
        { ...one, ...inRollback },
      ),
      'a | b | ',
    ],
  ]
  for (const [name, shot, expected] of table) t.equal(sorted(shot), expected, name)
  t.end()
})

t.test('in which order they leave', (t) => {
  const condemned = new Set(['n', 'o', 'p'])
  const table: [string, RollSnapshot, string, string[]?][] = [
    [
      'what costs least goes first',
      snapshot({
        e: old(),
        d: old({ health: 'unhealthy' }),
        c: old({ health: 'initial', ageSeconds: 9000 }),
        b: old({ health: 'draining' }),
        a: old({ health: 'unused' }),
      }),
      'a b c d e',
    ],
    ['a booting one is no loss', snapshot({ b: old({ ageSeconds: 9000 }), a: old({ state: 'pending' }) }), 'a b'],
    [
      'readiness of the old counts for nothing',
      snapshot({ b: old(), a: old({ ageSeconds: 9000, seen: { ready: true } }) }),
      'a b',
    ],
    [
      'a condemned one goes as if it served nobody',
      snapshot({ q: old({ ageSeconds: 9000 }), n: fresh() }, { condemned }),
      'n q',
    ],
    [
      'and after what is drained',
      snapshot({ n: fresh(), o: fresh({ health: 'draining' }), p: fresh({ health: 'unused' }) }, { condemned }),
      'p o n',
    ],
    ['the named first', snapshot({ a: old({ ageSeconds: 9000 }), b: old() }), 'b a', ['b']],
    [
      'the zone with most of those that serve first',
      snapshot({ a: old({ zone: 'x' }), b: old({ zone: 'y', ageSeconds: 1 }), c: fresh({ zone: 'y' }) }),
      'b a',
    ],
    [
      'those that do not serve yet are not counted',
      snapshot({ a: old({ zone: 'x' }), b: old({ zone: 'y', ageSeconds: 1 }), c: booting({ zone: 'y' }) }),
      'a b',
    ],
    [
      'what the roll launched from an image that somebody set',
      snapshot({ a: old({ ageSeconds: 9000 }), b: old({ imageId: 'other', ageSeconds: 60 }) }),
      'b a',
    ],
    [
      'not what was there before the roll, whatever its image',
      snapshot({ a: old({ ageSeconds: 9000 }), b: old({ imageId: 'other' }), c: old({ health: 'unhealthy' }) }),
      'c a b',
    ],
    [
      'the rollback: the unready of the new first',
      snapshot({ c: fresh({ ageSeconds: 40 }), d: fresh({ seen: {} }) }, inRollback),
      'd c',
    ],
    [
      'and before them what answers wrongly',
      snapshot(
        {
          c: fresh({ ageSeconds: 40, seen: {} }),
          d: fresh({ seen: { answersWrong: true } }),
          e: fresh({ health: 'unhealthy', seen: { answersWrong: true } }),
        },
        inRollback,
      ),
      'e d c',
    ],
  ]
  for (const [name, shot, expected, first] of table) t.equal(ids(fleetOf(shot, first).leaving), expected, name)
  t.end()
})

t.test('where a roll goes, and who was there before it', (t) => {
  t.equal(targetImageId(record), 'new')
  t.equal(targetImageId(back), 'old')
  const ages = [61, 60, 59].map((ageSeconds) => isOlderThan(record, instanceOf('a', { ageSeconds })))
  t.same(ages, [true, false, false])
  t.end()
})

t.test('who counts as capacity', (t) => {
  const { group, readiness } = snapshot({
    ready: fresh(),
    unready: fresh({ seen: {} }),
    unhealthy: old({ health: 'unhealthy', seen: { ready: true } }),
    serving: old(),
    young: old({ ageSeconds: 10 }),
  })
  const good = (rollingBack: boolean) =>
    group.instances.filter((one) => isGood(one, readiness.get(one.id), { ...record, rollingBack }))
  t.equal(ids(good(false)), 'ready unhealthy')
  t.equal(ids(good(true)), 'ready serving')
  t.equal(isGood(instanceOf('never-seen'), undefined, record), false)
  t.end()
})

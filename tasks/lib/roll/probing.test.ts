import t from 'tap'
import type { Readiness } from '../readiness.ts'
import { booting, fresh, old, type Sketch, snapshot } from './fleet-fixture.ts'
import { chooseProbes } from './probing.ts'

/** Who is probed, in order. */
function chosen(fleet: Record<string, Sketch>): string[] {
  const { group, readiness } = snapshot(fleet)
  return chooseProbes(group, readiness).map(({ id }) => id)
}

const ready = (probedAtMs: number): Sketch => fresh({ seen: { ready: true, probedAtMs } })
const measured = (times: number): Partial<Readiness> => ({ latenciesMs: Array.from({ length: times }, () => 1) })

t.test('whom a roll probes', (t) => {
  const table: [string, Record<string, Sketch>, string[]][] = [
    ['nobody', {}, []],
    [
      'the new ones that are not ready, then the ready, then others',
      { a: old(), b: fresh(), c: booting() },
      ['c', 'b', 'a'],
    ],
    ['every unready one', { a: booting(), b: booting(), c: fresh({ seen: {} }) }, ['a', 'b', 'c']],
    ['the ready that were not probed for longest first', { a: ready(30), b: ready(10), c: ready(20) }, ['b', 'c', 'a']],
    ['one that was never probed before them', { a: ready(30), b: fresh() }, ['b', 'a']],
    ['three of the others', { a: old(), b: old(), c: old(), d: old() }, ['a', 'b', 'c']],
    [
      'of the others those that serve',
      { a: old({ health: 'unhealthy' }), b: old({ state: 'stopped' }), c: old() },
      ['c'],
    ],
    ['until they are measured', { a: old({ seen: measured(4) }), b: old({ seen: measured(5) }), c: old() }, ['a', 'c']],
  ]
  for (const [name, fleet, expected] of table) t.same(chosen(fleet), expected, name)
  t.end()
})

t.test('twenty of those that are ready', (t) => {
  const fleet = Object.fromEntries(Array.from({ length: 22 }, (_, nth) => [`m${nth}`, ready(100 - nth)]))
  const ids = chosen({ ...fleet, x: booting() })
  t.equal(ids.length, 21)
  t.same(ids.slice(0, 2), ['x', 'm21'])
  t.equal(ids.at(-1), 'm2')
  t.end()
})

t.test('one that was never seen', (t) => {
  const { group } = snapshot({ a: old(), b: fresh() })
  const ids = chooseProbes(group, new Map()).map(({ id }) => id)
  t.same(ids, ['b', 'a'])
  t.end()
})

import t from 'tap'
import { demoLines, demoLoad, demoMinutes } from './demo-estimate.ts'

const all = { base: true, releases: 2, tests: 2 }
const nothing = { base: false, releases: 0, tests: 0 }

t.test('the measured demo from a clean home, at pace 3, took 849 s', async (t) => {
  t.equal(demoMinutes(all, 3), Math.round(849 / 60))
})

t.test('what is here already is not counted, and the pace is', async (t) => {
  const works = [
    ...[all, { ...all, base: false }, { base: false, releases: 1, tests: 1 }, { base: false, releases: 0, tests: 1 }],
    nothing,
  ]
  const minutes = works.map((work) => demoMinutes(work, 3))
  t.strictSame(
    minutes,
    minutes.toSorted((a, b) => b - a),
  )
  t.ok(new Set(minutes).size > 3, minutes.join(' '))
  for (const work of works) {
    t.ok(demoMinutes(work, 1) < demoMinutes(work, 3))
    t.ok(demoMinutes(work, 9) > 1.8 * demoMinutes(work, 3))
  }
  t.ok(demoMinutes(nothing, 1) >= 3, 'the load needs its time, however fast the rest is')
})

t.test('the words before a demo', async (t) => {
  t.strictSame(demoLines(11, all, { factor: 3, because: 'plain emulation: 3' }), [
    '11 steps, about 14 minutes at the pace of this computer, 3 (plain emulation: 3)',
  ])
  const pace = { factor: 6.2, because: 'plain emulation: 3, load 5.1 on 2 processors: 2.1' }
  t.strictSame(
    demoLines(10, { base: false, releases: 1, tests: 1 }, pace).at(1),
    'here already: the base layer and one release',
  )
  t.equal(demoLines(10, nothing, pace).at(1), 'here already: the base layer and both releases')
})

t.test(
  'the load is one that two instances answer at their ease, so that a busy computer fails no release',
  async (t) => {
    t.strictSame(demoLoad(1), { keptPerSecond: 70, newPerSecond: 50 })
    t.strictSame(demoLoad(3), { keptPerSecond: 70, newPerSecond: 50 })
    t.strictSame(demoLoad(6), { keptPerSecond: 35, newPerSecond: 25 })
    t.strictSame(demoLoad(15), { keptPerSecond: 14, newPerSecond: 10 })
  },
)

import fc from 'fast-check'
import t from 'tap'
import { majority } from './agree.ts'
import type { OwnInterval } from './bounds.ts'

const between = (lowMs: number, highMs: number): OwnInterval => ({ lowMs, highMs })

const table: [string, OwnInterval[], OwnInterval | undefined][] = [
  ['one server is trusted', [between(-5, 5)], between(-5, 5)],
  ['two that agree narrow the bound', [between(-5, 5), between(3, 9)], between(3, 5)],
  ['two that touch agree', [between(-5, 5), between(5, 9)], between(5, 5)],
  ['two that contradict each other prove nothing', [between(-5, 5), between(6, 9)], undefined],
  ['one liar among three is outvoted', [between(-5, 5), between(100, 101), between(4, 9)], between(4, 5)],
  ['two liars among four are not outvoted', [between(0, 1), between(0, 1), between(9, 10), between(9, 10)], undefined],
  ['two separate majorities are joined', [between(0, 10), between(0, 2), between(8, 10)], between(0, 10)],
  ['a liar does not narrow the interval of a majority', [between(0, 4), between(0, 4), between(4, 4)], between(0, 4)],
  ['none', [], undefined],
]

for (const [name, intervals, expected] of table) {
  t.test(name, (t) => {
    t.same(majority(intervals), expected)
    t.same(majority(intervals.toReversed()), expected)
    t.end()
  })
}

t.test('the truth stays in the interval while most servers are right', (t) => {
  const honest = fc.tuple(fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }))
  const liar = fc.tuple(fc.double({ min: -99, max: 99, noNaN: true }), fc.double({ min: 0, max: 99, noNaN: true }))
  fc.assert(
    fc.property(fc.array(honest, { minLength: 1, maxLength: 7 }), fc.array(liar, { maxLength: 6 }), (honest, liars) => {
      const truths = honest.map(([below, above]) => between(-below, above))
      const lies = liars.slice(0, truths.length - 1).map(([lowMs, widthMs]) => between(lowMs, lowMs + widthMs))
      const found = majority([...lies, ...truths])
      return found !== undefined && found.lowMs <= 0 && found.highMs >= 0
    }),
    { numRuns: 3000 },
  )
  t.pass('3000 random votes')
  t.end()
})

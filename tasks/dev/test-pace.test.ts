import t from 'tap'
import { slowed, slownessFrom, testSlowness } from './test-pace.ts'

t.test('the factor for the time limits of tests', async (t) => {
  const cases: [said: string | undefined, measured: number, factor: number][] = [
    [undefined, 0.2, 1],
    [undefined, 2.5, 2.5],
    [undefined, 40, 5],
    ['3', 1, 3],
    ['20', 1, 20],
    ['0.5', 4, 1],
    ['quick', 2, 2],
    ['', 2, 2],
  ]
  for (const [said, measured, factor] of cases) {
    t.equal(
      slownessFrom(said, () => measured),
      factor,
      `${said} ${measured}`,
    )
  }
  t.ok(slowed(10) >= 10 && slowed(10) === Math.ceil(10 * testSlowness))
})

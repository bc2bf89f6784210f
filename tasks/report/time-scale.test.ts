import t from 'tap'
import { elapsedClock, timeScale } from './time-scale.ts'

const run = (fromSecond: number, toSecond: number) => ({ fromMs: fromSecond * 1000, toMs: toSecond * 1000 })

t.test('one run fills the width', async (t) => {
  const scale = timeScale([run(100, 400)], 400_000)
  t.strictSame(
    [100, 175, 400, 50, 900].map((second) => scale.at(second * 1000)),
    [0, 25, 100, 0, 100],
  )
  t.strictSame(
    scale.ticks.map(({ x, label }) => [x, label]),
    [
      [0, '0:00'],
      [20, '1:00'],
      [40, '2:00'],
      [60, '3:00'],
      [80, '4:00'],
      [100, '5:00'],
    ],
  )
  t.strictSame(scale.gaps, [])
  t.equal(scale.name(225_000), '2:05')
})

t.test('a night between two runs leaves room for both and has no ticks', async (t) => {
  const scale = timeScale([run(0, 100), run(40_000, 40_100)], 40_100_000)
  const [gap] = scale.gaps
  t.ok(gap && gap.width > 5 && gap.width < 10, `the gap has ${gap?.width} percent`)
  t.equal(scale.at(20_050_000), 50)
  t.ok(scale.at(40_000_000) < 60)
  t.notOk(scale.ticks.some(({ x }) => gap && x > gap.x && x < gap.x + gap.width))
  t.ok(scale.ticks.some(({ label }) => label.startsWith('11:')))
})

t.test('the scale includes what follows the last run', async (t) => {
  t.equal(timeScale([run(0, 100)], 200_000).at(100_000), 50)
})

t.test('handles no run, and one without length', async (t) => {
  t.strictSame(timeScale([], 0).ticks, [])
  t.equal(timeScale([], 0).at(5), 0)
  t.equal(timeScale([run(5, 5)], 5000).at(5000), 0)
})

t.test('never has more ticks than fit', async (t) => {
  for (let seconds = 1; seconds < 10_000_000; seconds = Math.ceil(seconds * 1.7)) {
    const { length } = timeScale([run(0, seconds)], seconds * 1000).ticks
    t.ok(length >= 2 && length <= 7, `${seconds} s: ${length} ticks`)
  }
})

t.test('formats elapsed time', async (t) => {
  t.strictSame([0, 5999, 720_000, 3_723_000].map(elapsedClock), ['0:00', '0:05', '12:00', '1:02:03'])
})

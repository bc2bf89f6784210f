import t from 'tap'
import { lognormalSeconds, randomFor } from './random.ts'

t.test('a seed and a purpose repeat their numbers, others have others', (t) => {
  const draw = (seed: number, purpose: string) => Array.from({ length: 5 }, randomFor(seed, purpose))
  t.same(draw(1, 'boots'), draw(1, 'boots'))
  t.notSame(draw(1, 'boots'), draw(2, 'boots'))
  t.notSame(draw(1, 'boots'), draw(1, 'moments'))
  t.end()
})

t.test('lognormal times have the median and the spread that were asked for', (t) => {
  const drawn = Array.from({ length: 20_000 }, lognormalSeconds(60, 0.4, randomFor(1, 'boots'))).sort((a, b) => a - b)
  const share = (part: number) => drawn[Math.floor(part * drawn.length)] ?? 0
  t.ok(Math.abs(share(0.5) - 60) < 1, `median ${share(0.5)}`)
  // One sigma below and above the median are 15.87 % and 84.13 % of a normal distribution.
  t.ok(Math.abs(share(0.1587) - 60 * Math.exp(-0.4)) < 1, `${share(0.1587)}`)
  t.ok(Math.abs(share(0.8413) - 60 * Math.exp(0.4)) < 2, `${share(0.8413)}`)
  t.end()
})

import t from 'tap'
import { formatDurationMs, parseDurationMs } from './duration.ts'

t.test('parses a number with a unit', (t) => {
  const read: [string, number | undefined][] = [
    ['1s', 1000],
    ['500ms', 500],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['0s', 0],
    ['1', undefined],
    ['s', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1sec', undefined],
    ['1e3ms', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of read) t.equal(parseDurationMs(text), expected, JSON.stringify(text))
  t.end()
})

t.test('formats in the unit a person would use', (t) => {
  const written = [12.44, 1000, 9999, 10_000, -90_500, 180_000, 3_600_000, 7_200_000].map(formatDurationMs)
  t.same(written, ['12.4 ms', '1000 ms', '9999 ms', '10 s', '-90.5 s', '3 min', '60 min', '2 h'])
  t.end()
})

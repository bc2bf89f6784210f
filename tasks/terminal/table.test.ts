import t from 'tap'
import { elapsed } from './elapsed.ts'
import { table } from './table.ts'

t.test('columns are aligned, the last one is not padded', (t) => {
  const rows = [
    ['INSTANCE', 'STATE'],
    ['i-1', 'running'],
    ['i-1234567890', ''],
  ]
  t.equal(table(rows, undefined), 'INSTANCE      STATE\ni-1           running\ni-1234567890')
  t.equal(table([], undefined), '')
  t.end()
})

t.test('lines are cut where there is a width', (t) => {
  t.equal(table([['abcdef', 'ghi']], 8), 'abcdef …')
  t.equal(table([['abc', 'ghi']], 8), 'abc  ghi')
  t.equal(
    table(
      [
        ['\x1b[32mok\x1b[39m', 'x'],
        ['warn', 'y'],
      ],
      80,
    ),
    '\x1b[32mok\x1b[39m    x\nwarn  y',
  )
  t.end()
})

t.test('elapsed time', (t) => {
  const cases: [durationMs: number, text: string][] = [
    [40, '0.0 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [62_000, '62 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ]
  for (const [durationMs, text] of cases) t.equal(elapsed(durationMs), text)
  t.end()
})

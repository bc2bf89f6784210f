import t from 'tap'
import { elapsed } from '../../checker/duration.ts'
import { table, truncate } from './table.ts'

t.test('aligns columns and does not pad the last one', (t) => {
  const rows = [
    ['INSTANCE', 'STATE'],
    ['i-1', 'running'],
    ['i-1234567890', ''],
  ]
  t.equal(table(rows), 'INSTANCE      STATE\ni-1           running\ni-1234567890')
  t.equal(table([]), '')
  t.end()
})

t.test('colour codes take up no width', (t) => {
  const rows = [
    ['\x1b[32mok\x1b[39m', 'x'],
    ['warn', 'y'],
  ]
  t.equal(table(rows), '\x1b[32mok\x1b[39m    x\nwarn  y')
  t.equal(truncate('abcdef ghi', 8), 'abcdef …')
  t.equal(truncate('abc  ghi', 8), 'abc  ghi')
  t.end()
})

t.test('formats elapsed time', (t) => {
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

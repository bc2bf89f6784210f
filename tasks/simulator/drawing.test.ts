import t from 'tap'
import { drawCapacity } from './drawing.ts'

t.test('capacity over time against the floor', (t) => {
  const points = [
    { atMs: 0, serving: 10, machines: 10, floor: 10 },
    { atMs: 32_000, serving: 10, machines: 20, floor: 10 },
    { atMs: 48_000, serving: 5, machines: 20, floor: 10 },
    { atMs: 56_000, serving: 10, machines: 10, floor: 10 },
  ]
  const rows = drawCapacity({ points, startMs: 0, endMs: 64_000 })
  t.same(rows.slice(0, 10), [
    `20 ┤${' '.repeat(32)}${'░'.repeat(25)}${' '.repeat(7)}`,
    `18 ┤${' '.repeat(32)}${'░'.repeat(25)}${' '.repeat(7)}`,
    `16 ┤${' '.repeat(32)}${'░'.repeat(25)}${' '.repeat(7)}`,
    `14 ┤${' '.repeat(32)}${'░'.repeat(25)}${' '.repeat(7)}`,
    `12 ┤${' '.repeat(32)}${'░'.repeat(25)}${' '.repeat(7)}`,
    `10 ┤${'▀'.repeat(48)}${'─'.repeat(9)}${'▀'.repeat(7)}`,
    ` 8 ┤${'█'.repeat(48)}${'░'.repeat(9)}${'█'.repeat(7)}`,
    ` 6 ┤${'█'.repeat(64)}`,
    ` 4 ┤${'█'.repeat(64)}`,
    ` 2 ┤${'█'.repeat(64)}`,
  ])
  t.match(rows.slice(10), [/^ 0 ┴─{64}$/, / {4}0 s +64 s$/, /promised floor$/])
  t.end()
})

t.test('a large group that loses nothing is drawn from near its floor', (t) => {
  const rows = drawCapacity({
    points: [{ atMs: 0, serving: 1000, machines: 1050, floor: 1000 }],
    startMs: 0,
    endMs: 1000,
  })
  t.match(rows[0], /^1050 ┤░{64}$/)
  t.match(rows[10], /^ 974 ┴/)
  t.end()
})

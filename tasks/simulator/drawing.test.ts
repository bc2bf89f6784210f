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
  t.match(rows[10], /^ 970 ┴/)
  t.end()
})

t.test('every row has a number of its own, from the most machines down to the axis', (t) => {
  const cases = [
    [0, 0],
    [1, 2],
    [3, 4],
    [10, 11],
    [40, 43],
    [100, 101],
    [1000, 1003],
    [9999, 10_000],
  ] as const
  for (const [serving, machines] of cases) {
    const rows = drawCapacity({
      points: [{ atMs: 0, serving, machines, floor: serving }],
      startMs: 0,
      endMs: 1000,
    })
    const numbers = rows.flatMap((row) => row.match(/^ *(\d+) [┤┴]/)?.[1] ?? []).map(Number)
    const steps = new Set(numbers.slice(1).map((number, index) => (numbers[index] ?? 0) - number))
    t.equal(steps.size, 1, `${machines} machines: ${numbers.join(' ')}`)
    const [step = 0] = steps
    t.ok(step >= 1)
    t.ok((numbers[0] ?? 0) >= machines && (numbers[0] ?? 0) - machines <= step, 'no empty row on top')
  }
  t.end()
})

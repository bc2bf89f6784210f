import t from 'tap'
import { instanceOf } from './fleet-fixture.ts'
import { type Leaver, leavingOrder } from './order.ts'

/** From a loss of 2 on it serves. */
type Line = [id: string, zone: string | undefined, loss: number, startedSeconds?: number]

function leaver([id, zone, loss, startedSeconds = 0]: Line): Leaver {
  return { instance: instanceOf(id, zone === undefined ? {} : { zone }), loss, startedMs: startedSeconds * 1000 }
}

function order(lines: Line[], first: string[] = [], stayingIn: string[] = []): string {
  const staying = stayingIn.map((zone, index) => instanceOf(`s${index}`, { zone }))
  return leavingOrder(lines.map(leaver), staying, first)
    .map(({ id }) => id)
    .join(' ')
}

t.test('who leaves first', (t) => {
  const table: [string, Line[], string, string[]?, string[]?][] = [
    ['nobody', [], ''],
    [
      'the drained, the draining, the idle, the serving',
      [
        ['d', '', 2],
        ['c', '', 1],
        ['b', '', 0.5],
        ['a', '', 0],
      ],
      'a b c d',
    ],
    [
      'the unready of those that serve',
      [
        ['b', '', 3],
        ['a', '', 2],
      ],
      'a b',
    ],
    [
      'the older',
      [
        ['b', '', 2, 20],
        ['c', '', 2, 30],
        ['a', '', 2, 10],
      ],
      'a b c',
    ],
    [
      'the older of the idle',
      [
        ['b', '', 1, 20],
        ['a', '', 1, 10],
      ],
      'a b',
    ],
    [
      'the unready before the older',
      [
        ['b', '', 3, 10],
        ['a', '', 2, 20],
      ],
      'a b',
    ],
    [
      'without zones',
      [
        ['b', undefined, 2, 20],
        ['a', undefined, 2, 10],
      ],
      'a b',
    ],
    [
      'the named, as they are named',
      [
        ['c', '', 2, 1],
        ['b', '', 2, 9],
        ['a', '', 2, 5],
      ],
      'a b c',
      ['a', 'b'],
    ],
    [
      'the named even when ready',
      [
        ['b', '', 2],
        ['a', '', 3],
      ],
      'a b',
      ['a'],
    ],
    [
      'the idle before the named',
      [
        ['b', '', 2],
        ['a', '', 1],
      ],
      'a b',
      ['b'],
    ],
    [
      'the named of the idle',
      [
        ['b', '', 1, 1],
        ['a', '', 1, 9],
      ],
      'a b',
      ['a'],
    ],
    [
      'the drained before the named of the idle',
      [
        ['b', '', 1],
        ['a', '', 0],
      ],
      'a b',
      ['b'],
    ],
    [
      'a name that is not there',
      [
        ['b', '', 2, 20],
        ['a', '', 2, 10],
      ],
      'a b',
      ['x', 'b0'],
    ],
  ]
  for (const [name, lines, expected, first, staying] of table) {
    t.equal(order(lines, first, staying), expected, name)
    t.equal(order(lines.toReversed(), first, staying), expected, `${name}, whatever the order they come in`)
  }
  t.end()
})

t.test('the zones stay balanced', (t) => {
  const x: Line[] = [
    ['x1', 'x', 2, 1],
    ['x2', 'x', 2, 2],
    ['x3', 'x', 2, 3],
  ]
  const y: Line[] = [
    ['y1', 'y', 2, 4],
    ['y2', 'y', 2, 5],
  ]
  const table: [string, Line[], string, string[]?, string[]?][] = [
    ['from the zone with the most, then in turn by age', [...x, ...y], 'x1 x2 y1 x3 y2'],
    ['those that stay are counted', [...x, ...y], 'y1 y2 x1 x2 x3', [], ['y', 'y', 'y']],
    ['wherever they stay', [...x, ...y], 'x1 x2 y1 x3 y2', [], ['z', 'z', 'z']],
    ['the named leave before, and are counted no more', [...x, ...y], 'x3 x1 y1 x2 y2', ['x3']],
    [
      'the idle are no capacity of their zone',
      [['i1', 'x', 1], ['i2', 'x', 1], ['i3', 'x', 1], ...y, ['x1', 'x', 2, 1]],
      'i1 i2 i3 y1 x1 y2',
    ],
    [
      'on a par, the unready',
      [
        ['x1', 'x', 3, 1],
        ['y1', 'y', 2, 4],
      ],
      'y1 x1',
    ],
    [
      'on a par, the older',
      [
        ['y1', 'y', 2, 4],
        ['x1', 'x', 2, 1],
      ],
      'x1 y1',
    ],
    ['a zone that is empty is passed over', [['x1', 'x', 2, 1], ...y], 'y1 x1 y2'],
    [
      'the unready before the ready, wherever most serve',
      [
        ['x1', 'x', 2, 9],
        ['y1', 'y', 3, 1],
        ['y2', 'y', 3, 2],
      ],
      'x1 y1 y2',
    ],
    [
      'the ready count where the unready leave',
      [
        ['x1', 'x', 2, 1],
        ['y1', 'y', 2, 9],
        ['y2', 'y', 3, 9],
      ],
      'y1 x1 y2',
    ],
    [
      'the ready leave in balance, too',
      [
        ['x1', 'x', 3, 1],
        ['y1', 'y', 3, 9],
      ],
      'y1 x1',
      [],
      ['y'],
    ],
    ['the idle leave before, wherever most serve', [['i1', 'x', 1, 9], ...y], 'i1 y1 y2'],
    ['the named leave before, wherever most serve', [['x1', 'x', 2, 9], ...y], 'x1 y1 y2', ['x1']],
    [
      'alike in everything, as they come',
      [
        ['y1', 'y', 2],
        ['x1', 'x', 2],
      ],
      'y1 x1',
    ],
    ['though it has the most that stay', [['x1', 'x', 2, 1], ...y], 'x1 y1 y2', [], ['x', 'x', 'x', 'x']],
    [
      'zones without a name are one',
      [
        ['n1', undefined, 2, 7],
        ['n2', undefined, 2, 8],
        ['x1', 'x', 2, 1],
      ],
      'n1 x1 n2',
    ],
    ['three zones', [...x, ...y, ['z1', 'z', 2, 0]], 'x1 x2 y1 z1 x3 y2'],
  ]
  for (const [name, lines, expected, first, staying] of table) t.equal(order(lines, first, staying), expected, name)
  t.end()
})

t.test('those that stay without a zone are of the zone without a name', (t) => {
  const leavers = [leaver(['n1', undefined, 2, 7]), leaver(['x1', 'x', 2, 1])]
  const ids = leavingOrder(leavers, [instanceOf('s')], []).map(({ id }) => id)
  t.same(ids, ['n1', 'x1'])
  t.end()
})

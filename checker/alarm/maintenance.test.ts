import fc from 'fast-check'
import t from 'tap'
import { problemOf } from '../fixtures/options.ts'
import { isInWindow, type MaintenanceWindow, parseMaintenance } from './maintenance.ts'

async function windowOf(text: string): Promise<MaintenanceWindow> {
  return (await parseMaintenance(text)) as MaintenanceWindow
}

/** Window, moments inside it, moments outside it. */
const table: readonly [string, readonly string[], readonly string[]][] = [
  // 2026-11-22 is a Sunday.
  [
    'Sun 02:00-04:00',
    ['2026-11-22T02:00Z', '2026-11-22T03:59:59Z'],
    ['2026-11-22T01:59:59Z', '2026-11-22T04:00Z', '2026-11-23T03:00Z'],
  ],
  ['daily 02:00-02:30', ['2026-11-22T02:00Z', '2026-11-25T02:29Z'], ['2026-11-22T02:30Z']],
  [
    'sunday 23:30-00:30',
    ['2026-11-22T23:30Z', '2026-11-23T00:29Z'],
    ['2026-11-22T00:10Z', '2026-11-23T00:30Z', '2026-11-23T23:40Z'],
  ],
  ['Sat 22:00-24:00', ['2026-11-21T23:59Z'], ['2026-11-22T00:00Z']],
  ['Mon-Fri 22:00-06:00', ['2026-11-20T23:00Z', '2026-11-21T05:59Z'], ['2026-11-21T22:00Z', '2026-11-23T05:00Z']],
  ['Sat-Mon 10:00-11:00', ['2026-11-21T10:00Z', '2026-11-22T10:00Z', '2026-11-23T10:00Z'], ['2026-11-24T10:00Z']],
  ['Tue,Thu 10:00-11:00', ['2026-11-24T10:00Z', '2026-11-26T10:00Z'], ['2026-11-25T10:00Z']],
  [
    'Sun 02:00-04:00 Europe/Berlin',
    ['2026-11-22T01:00Z', '2026-11-22T02:59Z'],
    ['2026-11-22T00:59Z', '2026-11-22T03:00Z'],
  ],
  [
    'Mon 00:00-01:00 Asia/Kolkata',
    ['2026-11-22T18:30Z', '2026-11-22T19:29Z'],
    ['2026-11-22T18:29Z', '2026-11-22T19:30Z'],
  ],
  // Spring: 02:00 is 03:00 at once, at 01:00Z.
  [
    'Sun 02:00-04:00 Europe/Berlin',
    ['2026-03-29T01:00Z', '2026-03-29T01:59Z'],
    ['2026-03-29T00:59Z', '2026-03-29T02:00Z'],
  ],
  [
    'Sun 02:15-02:45 Europe/Berlin',
    ['2026-03-29T01:15Z', '2026-03-29T01:44Z'],
    ['2026-03-29T01:14Z', '2026-03-29T01:45Z'],
  ],
  // Autumn: from 03:00 back to 02:00, at 01:00Z; both times count.
  [
    'Sun 02:00-04:00 Europe/Berlin',
    ['2026-10-25T00:00Z', '2026-10-25T02:59Z'],
    ['2026-10-24T23:59Z', '2026-10-25T03:00Z'],
  ],
  [
    'Sun 01:00-02:30 Europe/Berlin',
    ['2026-10-24T23:00Z', '2026-10-25T00:45Z', '2026-10-25T01:29Z'],
    ['2026-10-25T01:30Z'],
  ],
  [
    'Sat 22:00-03:30 America/New_York',
    ['2026-11-01T02:00Z', '2026-11-01T08:29Z'],
    ['2026-11-01T01:59Z', '2026-11-01T08:30Z'],
  ],
  [
    '2026-11-22T02:00Z/2026-11-22T04:00Z',
    ['2026-11-22T02:00Z', '2026-11-22T03:59:59Z'],
    ['2026-11-22T01:59:59Z', '2026-11-22T04:00Z'],
  ],
  ['2026-11-22T02:00/2026-11-22T04:00 Europe/Berlin', ['2026-11-22T01:00Z'], ['2026-11-22T03:00Z']],
  [
    '2026-11-22T02:00:30+0200/2026-11-22T04:00+02:00',
    ['2026-11-22T00:00:30Z'],
    ['2026-11-22T00:00:29Z', '2026-11-22T02:00Z'],
  ],
]

t.test('tells moments inside a window from those outside', async (t) => {
  for (const [text, within, without] of table) {
    const window = await windowOf(text)
    for (const moment of within) t.ok(isInWindow(window, Date.parse(moment)), `${text}: ${moment}`)
    for (const moment of without) t.notOk(isInWindow(window, Date.parse(moment)), `${text}: not ${moment}`)
  }
})

t.test('names an invalid window', async (t) => {
  const problems: readonly [string, RegExp][] = [
    ['', /expected days and times, such as/],
    ['Sun', /expected days and times/],
    ['Sun 2-4', /expected days and times/],
    ['Son 02:00-04:00', /"Son" names no days, expected daily, Sun, Mon-Fri or Sat,Sun/],
    ['Mon- 02:00-04:00', /"Mon-" names no days/],
    ['Mon-Wed-Fri 02:00-04:00', /names no days/],
    ['Sun 25:00-26:00', /are not times of day/],
    ['Sun 24:00-01:00', /are not times of day/],
    ['Sun 01:60-02:00', /are not times of day/],
    ['Sun 02:00-02:00', /is empty; the whole day is 00:00-24:00/],
    ['Sun 02:00-04:00 Europe/Berln', /Europe\/Berln is not a time zone/],
    ['Sun 02:00-04:00 +02:00', /is not a time zone/],
    ['Sun 02:00-04:00 UTC please', /expected days and times/],
    ['2026-11-22T02:00Z', /expected days and times/],
    ['2026-11-22T02:00Z/tomorrow', /"tomorrow" is not a date and time/],
    ['2026-02-30T02:00Z/2026-03-02T02:00Z', /"2026-02-30T02:00Z" is not a date and time/],
    ['2026-11-22T04:00Z/2026-11-22T02:00Z', /it ends before it begins/],
    ['2026-11-22T02:00Z/2026-11-22T02:00Z', /it ends before it begins/],
    ['2026-11-22T02:00/2026-11-22T04:00 Mars', /Mars is not a time zone/],
    ['2026-11-22/2026-11-23/2026-11-24', /expected a start, a slash and an end/],
  ]
  for (const [text, expected] of problems) {
    t.match(problemOf(await parseMaintenance(text)), expected, text)
  }
  for (const [text] of table) t.equal(problemOf(await parseMaintenance(text)), undefined)
})

t.test('a window in a time zone follows local time, also across a DST change', async (t) => {
  const window = await windowOf('daily 05:00-09:30 America/New_York')
  const wall = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', hour: '2-digit', minute: '2-digit' })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (ms) => {
      const time = wall.format(ms)
      return isInWindow(window, ms) === (time >= '05:00' && time < '09:30')
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

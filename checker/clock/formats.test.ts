import t from 'tap'
import { readTime } from './formats.ts'
import type { TimeFormat } from './time-format.ts'

const noonMs = Date.UTC(2026, 10, 21, 12, 0, 0)

const readable: [string, TimeFormat, number, number, string][] = [
  ['2026-11-21T12:00:00.123Z', 'auto', noonMs + 123, 1, 'iso8601'],
  ['2026-11-21T12:00:00.123Z\n', 'iso8601', noonMs + 123, 1, 'iso8601'],
  ['\uFEFF 2026-11-21 12:00:00.123Z', 'auto', noonMs + 123, 1, 'iso8601'],
  ['2026-11-21T12:00:00Z', 'auto', noonMs, 1000, 'iso8601'],
  ['2026-11-21T12:00:00.1Z', 'auto', noonMs + 100, 100, 'iso8601'],
  ['2026-11-21T12:00:00.123456789Z', 'auto', noonMs + 123.456789, 0.001, 'iso8601'],
  ['2026-11-21T12:00:00.123000Z', 'auto', noonMs + 123, 1, 'iso8601'],
  ['2026-11-21T12:00:00.1234Z', 'auto', noonMs + 123.4, 0.1, 'iso8601'],
  ['2026-11-21T12:00:00.000Z', 'auto', noonMs, 1000, 'iso8601'],
  ['2026-11-21T14:00:00,123+02:00', 'auto', noonMs + 123, 1, 'iso8601'],
  ['2026-11-21T06:30:00.123-0530', 'auto', noonMs + 123, 1, 'iso8601'],
  ['20261121T120000.123Z', 'auto', noonMs + 123, 1, 'iso8601'],
  ['0001-01-01T00:00:00Z', 'auto', -62135596800000, 1000, 'iso8601'],
  [String(noonMs / 1000), 'auto', noonMs, 1000, 'unix'],
  [`${noonMs / 1000}.25`, 'auto', noonMs + 250, 10, 'unix'],
  ['0', 'unix', 0, 1000, 'unix'],
  [String(noonMs + 7), 'auto', noonMs + 7, 1, 'unix-ms'],
  [String(noonMs), 'unix-ms', noonMs, 1000, 'unix-ms'],
  ['12:00:00', 'auto', 12 * 3_600_000, 1000, 'time-of-day'],
  ['23:59:59.999', 'time-of-day', 86_399_999, 1, 'time-of-day'],
  ['Sat, 21 Nov 2026 12:00:00 GMT', 'auto', noonMs, 1000, 'http-date'],
  ['Saturday, 21-Nov-26 12:00:00 GMT', 'auto', noonMs, 1000, 'http-date'],
  ['Sat Nov 21 12:00:00 2026', 'auto', noonMs, 1000, 'http-date'],
  // The examples of RFC 9110, 5.6.7; year 94 there is in the past.
  ['Sun, 06 Nov 1994 08:49:37 GMT', 'http-date', 784_111_777_000, 1000, 'http-date'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 'http-date', 784_111_777_000, 1000, 'http-date'],
  ['Sun Nov  6 08:49:37 1994', 'http-date', 784_111_777_000, 1000, 'http-date'],
  [
    `{"now":"2026-11-21T12:00:00.123Z","unixMs":${noonMs + 123},"release":"1.4.0"}`,
    'auto',
    noonMs + 123,
    1,
    'json:/unixMs',
  ],
  ['{"now":"2026-11-21T12:00:00.123Z"}', 'auto', noonMs + 123, 1, 'json:/now'],
  ['"2026-11-21T12:00:00.123Z"', 'auto', noonMs + 123, 1, 'iso8601'],
  ['{"a/b":{"~":["x","12:00:00.5"]}}', { pointer: '/a~1b/~0/1' }, 43_200_500, 100, 'json:/a~1b/~0/1'],
  [String(noonMs + 7), { pointer: '' }, noonMs + 7, 1, 'json:'],
]

for (const [body, format, timeMs, resolutionMs, name] of readable) {
  t.test(`reads ${JSON.stringify(body)} as ${JSON.stringify(format)}`, (t) => {
    const reading = readTime(body, format)
    if ('problem' in reading) throw new Error(reading.problem)
    t.ok(Math.abs(reading.timeMs - timeMs) < 0.001, `${reading.timeMs}`)
    t.equal(reading.resolutionMs, resolutionMs)
    t.equal(reading.format, name)
    t.equal(reading.periodMs, /^\d\d:/.test(body) || body.includes('12:00:00.5') ? 86_400_000 : undefined)
    t.end()
  })
}

const unreadable: [string, TimeFormat, string][] = [
  ['', 'auto', 'expected the time in a known format, got nothing'],
  ['hello', 'auto', 'expected the time in a known format, got "hello"'],
  ['0', 'auto', 'expected the time in a known format, got "0"'],
  ['NaN', 'unix', 'expected unix seconds, got "NaN"'],
  ['', 'unix-ms', 'expected unix milliseconds, got nothing'],
  ['-5', 'unix', 'expected unix seconds, got "-5"'],
  ['1e9', 'unix', 'expected unix seconds, got "1e9"'],
  ['12:00:00', 'iso8601', 'expected an ISO 8601 time, got "12:00:00"'],
  ['2026-11-21T12:00Z', 'auto', 'expected the time in a known format, got "2026-11-21T12:00Z"'],
  ['2026-02-30T12:00:00Z', 'auto', '"2026-02-30T12:00:00Z" is not a calendar date'],
  ['2026-13-01T12:00:00Z', 'auto', '"2026-13-01T12:00:00Z" is not a calendar date'],
  ['2026-11-21T24:00:00Z', 'auto', '"2026-11-21T24:00:00Z" is not a time of day'],
  ['2026-12-30T23:59:60Z', 'auto', '"2026-12-30T23:59:60Z" is not a time of day'],
  ['2026-12-31T23:58:60Z', 'auto', '"2026-12-31T23:58:60Z" is not a time of day'],
  ['2026-12-31T23:59:60+01:00', 'auto', '"2026-12-31T23:59:60+01:00" is not a time of day'],
  ['2026-12-31T23:59:61Z', 'auto', '"2026-12-31T23:59:61Z" is not a time of day'],
  ['12:00:60', 'auto', '"12:00:60" is not a time of day'],
  ['Thu, 31 Dec 2026 12:00:60 GMT', 'http-date', 'expected an HTTP date, got nothing'],
  ['Monday, 06-Nov-94 08:49:37 GMT', 'http-date', 'expected an HTTP date, got nothing'],
  ['Sun Nov 31 08:49:37 1994', 'http-date', 'expected an HTTP date, got nothing'],
  ['2026-11-21T12:00:00+25:00', 'auto', '"2026-11-21T12:00:00+25:00" has no valid time zone'],
  ['24:00:00', 'time-of-day', '"24:00:00" is not a time of day'],
  ['12:60:00', 'auto', '"12:60:00" is not a time of day'],
  ['99:99:99', 'auto', '"99:99:99" is not a time of day'],
  ['9:5:1', 'auto', 'expected the time in a known format, got "9:5:1"'],
  [
    '{"time":1}',
    'auto',
    'expected JSON with "now" or "unixMs" (for others: --time-format json:/pointer), got "{\\"time\\":1}"',
  ],
  [
    '{"now":',
    'auto',
    'expected JSON with "now" or "unixMs" (for others: --time-format json:/pointer), got "{\\"now\\":"',
  ],
  ['{"unixMs":null}', 'auto', 'expected the time at /unixMs of the JSON, got null'],
  ['{"a":1}', { pointer: '/b' }, 'the JSON has nothing at /b'],
  ['{"a":1}', { pointer: '/__proto__' }, 'the JSON has nothing at /__proto__'],
  ['{"a":{}}', { pointer: '/a' }, 'expected the time at /a of the JSON, got an object'],
  [
    `{"a":${'['.repeat(32_000)}${']'.repeat(32_000)}}`,
    { pointer: '/a' },
    'expected the time at /a of the JSON, got a list',
  ],
  ['<html>', { pointer: '/a' }, 'expected JSON, got "<html>"'],
  ['x'.repeat(100), 'auto', `expected the time in a known format, got "${'x'.repeat(60)}…"`],
  ['nothing', 'http-date', 'expected an HTTP date, got nothing'],
]

for (const [body, format, problem] of unreadable) {
  t.test(`refuses ${JSON.stringify(body.slice(0, 30))} as ${JSON.stringify(format)}`, (t) => {
    t.same(readTime(body, format), { problem })
    t.end()
  })
}

t.test('http-date falls back to the Date header when the body is not a date', (t) => {
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT'
  t.match(readTime('<html>', 'http-date', date), { timeMs: noonMs, resolutionMs: 1000, format: 'http-date' })
  t.match(readTime('<html>', 'http-date', 'Mon, 21 Nov 2026 12:00:00 GMT'), { problem: /^expected an HTTP date/ })
  t.end()
})

t.test('takes a time without a zone as UTC, with a note', (t) => {
  const expected = { timeMs: noonMs, note: 'the service names no time zone: taken as UTC' }
  t.match(readTime('2026-11-21T12:00:00', 'auto'), expected)
  t.notMatch(readTime('2026-11-21T12:00:00Z', 'auto'), { note: String })
  t.end()
})

const lastSecondMs = Date.UTC(2016, 11, 31, 23, 59, 59)
const leaps: [string, number, number][] = [
  ['2016-12-31T23:59:60Z', lastSecondMs, 2000],
  ['2016-12-31T23:59:60.250Z', lastSecondMs + 250, 1001],
  ['2017-01-01T00:59:60+01:00', lastSecondMs, 2000],
  ['2016-12-31T18:29:60.5-0530', lastSecondMs + 500, 1100],
  ['23:59:60', 86_399_000, 2000],
  ['23:59:60.123456', 86_399_123.456, 1000.001],
  ['Sat, 31 Dec 2016 23:59:60 GMT', lastSecondMs, 2000],
]

for (const [body, timeMs, resolutionMs] of leaps) {
  t.test(`reads a leap second as the second before or after: ${body}`, (t) => {
    t.match(readTime(body, 'auto'), { timeMs, resolutionMs, note: 'the service is in a leap second' })
    t.end()
  })
}

t.test('reads the same moment in any zone, around midnight and DST changes', (t) => {
  const moments: [string, ...string[]][] = [
    [
      '2026-12-31T23:30:00.001Z',
      '2027-01-01T00:30:00.001+01:00',
      '2027-01-01T13:30:00.001+1400',
      '20261231T113000.001-12',
    ],
    ['2026-03-29T00:59:59.999Z', '2026-03-29T01:59:59.999+01:00'],
    ['2026-03-29T01:00:00.001Z', '2026-03-29T03:00:00.001+02:00'],
    ['2026-10-25T00:30:00.001Z', '2026-10-25T02:30:00.001+02:00', '2026-10-24T20:00:00.001-04:30'],
    ['2026-10-25T01:30:00.001Z', '2026-10-25T02:30:00.001+01:00'],
    ['2028-02-29T23:59:59.999Z', '2028-03-01T05:44:59.999+05:45'],
  ]
  for (const [utc, ...others] of moments) {
    for (const text of others) t.match(readTime(text, 'auto'), { timeMs: Date.parse(utc) }, text)
  }
  t.end()
})

t.test('auto falls back to the Date header and still reports the problem in the body', (t) => {
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT'
  const bodyProblem = 'expected the time in a known format, got "<html>"'
  t.match(readTime('<html>', 'auto', date), { timeMs: noonMs, resolutionMs: 1000, format: 'http-date', bodyProblem })
  t.match(readTime('{"a":1}', 'auto', date), { format: 'http-date', bodyProblem: /^expected JSON with/ })
  t.same(readTime('<html>', 'auto', 'yesterday'), { problem: bodyProblem })
  t.match(readTime('<html>', 'unix', date), { problem: String })
  t.notMatch(readTime('12:00:00', 'auto', date), { bodyProblem: String })
  t.end()
})

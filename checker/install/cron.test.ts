import t from 'tap'
import { cronLine, cronSchedule, jitterSeconds, namesIn, withLine, withoutLine } from './cron.ts'

const minuteMs = 60_000

t.test('accepts intervals that cron can keep evenly, and no others', (t) => {
  const kept: Record<number, string> = {
    1: '* * * * *',
    5: '*/5 * * * *',
    30: '*/30 * * * *',
    60: '0 * * * *',
    120: '0 */2 * * *',
    720: '0 */12 * * *',
    1440: '0 0 * * *',
  }
  for (const [minutes, schedule] of Object.entries(kept)) t.equal(cronSchedule(Number(minutes) * minuteMs), schedule)
  for (const minutes of [0.5, 1.5, 7, 45, 90, 300, 2880])
    t.equal(cronSchedule(minutes * minuteMs), undefined, `${minutes}`)
  t.end()
})

const line = { everyMs: minuteMs, timeoutMs: 10_000, seed: 'host name', timeout: undefined, logger: undefined }

t.test('the line waits, limits the run and logs', (t) => {
  const wait = jitterSeconds(line.seed, minuteMs, 10_000)
  t.equal(cronLine({ ...line, words: ['/n', 'a b'] }), `* * * * * sleep ${wait}; /n 'a b'`)
  t.equal(
    cronLine({ ...line, words: ['/n', '5%'], timeout: '/usr/bin/timeout', logger: '/usr/bin/logger' }),
    `* * * * * sleep ${wait}; /usr/bin/timeout -k 5 25 /n '5\\%' 2>&1 | /usr/bin/logger -t bakeroll-check`,
  )
  t.throws(() => cronLine({ ...line, words: ['a\nb'] }), /cannot hold a line break: "a\\nb"/)
  t.throws(() => cronLine({ ...line, words: ['x'.repeat(1000)] }), /longer than the 998 bytes/)
  t.end()
})

t.test('the wait is stable, differs between hosts and leaves time for the run', (t) => {
  const waits = Array.from({ length: 500 }, (_, host) => jitterSeconds(`host-${host}`, minuteMs, 10_000))
  t.same(
    waits,
    Array.from({ length: 500 }, (_, host) => jitterSeconds(`host-${host}`, minuteMs, 10_000)),
  )
  t.same([Math.min(...waits), Math.max(...waits)], [0, 25])
  t.ok(new Set(waits).size === 26)
  t.equal(jitterSeconds('x', minuteMs, 59_500), 0)
  t.end()
})

t.test('edits its own line of a crontab and leaves the others byte for byte', (t) => {
  const foreign = '# m h\r\n\n*/5 * * * * echo 50\\% \t\n# bakeroll check a-10 begin of something else\nMAILTO=x'
  const one = withLine(foreign, 'a-1', 'first')
  t.equal(one, `${foreign}\n# bakeroll check a-1 begin\nfirst\n# bakeroll check a-1 end\n`)
  const two = withLine(one, 'b-2', 'second')
  t.equal(withLine(two, 'b-2', 'second'), two)
  t.equal(withLine(two, 'a-1', 'third'), two.replace('first', 'third'))
  t.same(namesIn(two), ['a-1', 'b-2'])
  t.equal(withoutLine(withoutLine(two, 'b-2'), 'a-1'), `${foreign}\n`)
  t.equal(withoutLine(foreign, 'a-1'), foreign)
  t.equal(withoutLine(withLine('', 'a-1', 'x'), 'a-1'), '')
  t.throws(() => withLine('# bakeroll check a-1 begin\nx\n', 'a-1', 'y'), /without its end/)
  t.end()
})

import t from 'tap'
import { checkTargets } from './check.ts'
import { freeUrl, startService, timeService } from './fixtures/service.ts'
import { type CheckSettings, defaultSettings } from './options/settings.ts'
import type { TargetReport } from './verdict/report.ts'

async function check(url: string, settings: Partial<CheckSettings> = {}): Promise<TargetReport> {
  const { targets } = await checkTargets([{ url }], { ...defaultSettings, ...settings })
  const [target] = targets
  if (target === undefined || targets.length !== 1) throw new Error(`expected one target, got ${targets.length}`)
  return target
}

const offsets: [number, string[]][] = [
  [0, ['ok']],
  [400, ['ok']],
  [999, ['ok', 'unknown']],
  [1001, ['critical', 'unknown']],
  [2000, ['critical']],
  [-1500, ['critical']],
  [3_600_000, ['critical']],
]

for (const [offsetMs, verdicts] of offsets) {
  t.test(`measures a clock that is ${offsetMs} ms off within its bound`, async (t) => {
    const { clock, verdict, reasons } = await check(await startService(t, timeService(offsetMs)))
    const shown = JSON.stringify({ clock, reasons })
    t.ok(Math.abs((clock?.offsetMs ?? Number.NaN) - offsetMs) <= (clock?.errorMs ?? 0) + 0.1, shown)
    t.ok(verdicts.includes(verdict), shown)
    t.match(clock, { format: 'iso8601', samples: 5, limitMs: 1000 })
  })
}

const writers: [string, CheckSettings['timeFormat'], (date: Date) => string][] = [
  ['unix', 'auto', (date) => String(Math.floor(date.getTime() / 1000))],
  ['time-of-day', 'auto', (date) => date.toISOString().slice(11, 19)],
  ['http-date', 'auto', (date) => date.toUTCString()],
  ['http-date', 'http-date', () => '<html>'],
  ['unix-ms', 'auto', (date) => String(date.getTime())],
  ['json:/t', { pointer: '/t' }, (date) => JSON.stringify({ t: date.getTime() })],
]

for (const [format, timeFormat, write] of writers) {
  t.test(`reads a service that writes ${format} (${JSON.stringify(timeFormat)})`, async (t) => {
    const { clock, verdict } = await check(await startService(t, timeService(0, write)), { timeFormat, samples: 3 })
    t.equal(clock?.format, format)
    // Node updates its Date header with a timer, so it may lag by some milliseconds.
    const lagMs = format === 'http-date' ? 50 : 0.1
    t.ok(Math.abs(clock?.offsetMs ?? Number.NaN) <= (clock?.errorMs ?? 0) + lagMs, JSON.stringify(clock))
    t.equal(verdict, 'ok')
  })
}

t.test('bounds the clock when the service reads it long after the headers', async (t) => {
  const url = await startService(t, (_, response) => {
    response.flushHeaders()
    setTimeout(() => response.end(new Date().toISOString()), 60)
  })
  const { clock } = await check(url, { samples: 2 })
  t.ok(Math.abs(clock?.offsetMs ?? Number.NaN) <= (clock?.errorMs ?? 0), JSON.stringify(clock))
})

t.test('takes all samples on one connection', async (t) => {
  const sockets = new Set<unknown>()
  const url = await startService(t, (request, response) => {
    sockets.add(request.socket)
    timeService()(request, response)
  })
  t.equal((await check(url, { samples: 20 })).clock?.samples, 20)
  t.equal(sockets.size, 1)
})

t.test('measures a service that closes the connection after each response', async (t) => {
  const url = await startService(t, (request, response) => {
    response.setHeader('connection', 'close')
    timeService()(request, response)
  })
  t.match(await check(url), { verdict: 'ok', clock: { samples: 5 }, version: { found: '1.4.0' } })
})

t.test('requests the paths below the path of the URL, with its host', async (t) => {
  const asked: string[] = []
  const url = await startService(t, (request, response) => {
    asked.push(`${request.url} ${request.headers.host}`)
    response.end(request.url === '/app/time' ? new Date().toISOString() : '2.0.0')
  })
  const settings = { timePath: '/time', versionPath: '/v', samples: 1, expectVersion: '2.0.0' }
  t.match(await check(`${url}/app/`, settings), { verdict: 'ok' })
  t.same(asked, [`/app/time ${new URL(url).host}`, `/app/v ${new URL(url).host}`])
})

t.test('a service needs no version unless one is expected', async (t) => {
  const url = await startService(t, (request, response) => {
    if (request.url === '/now') response.end(new Date().toISOString())
    else response.writeHead(404).end('<html>')
  })
  const report = await check(url)
  t.equal(report.verdict, 'ok')
  t.notOk('version' in report)
  t.match(await check(url, { expectVersion: '1.4.0' }), {
    verdict: 'critical',
    reasons: ['GET /version.txt: HTTP 404'],
    version: { expected: '1.4.0' },
  })
})

t.test('finds the version when only the time is broken', async (t) => {
  const url = await startService(t, (request, response) => {
    if (request.url === '/now') response.writeHead(502).end('bad gateway')
    else response.end('1.4.0\n')
  })
  t.match(await check(url), {
    verdict: 'critical',
    status: 502,
    reasons: ['GET /now: HTTP 502'],
    version: { found: '1.4.0' },
  })
})

t.test('reports a single bad response among the samples', async (t) => {
  let asked = 0
  const url = await startService(t, (_, response) => {
    asked += 1
    if (asked === 3) response.writeHead(503).end()
    else response.end(new Date().toISOString())
  })
  t.match(await check(url), { verdict: 'critical', reasons: ['GET /now: HTTP 503'], clock: { samples: 2 } })
})

t.test('localhost is up when one of its addresses answers', async (t) => {
  const url = await startService(t, timeService())
  t.match(await check(url.replace('127.0.0.1', 'localhost')), { verdict: 'ok', address: '127.0.0.1' })
})

t.test('nothing listening is critical and leaves other targets ok', async (t) => {
  const [dead, alive] = [await freeUrl(), await startService(t, timeService())]
  const report = await checkTargets([{ url: dead }, { url: alive }], defaultSettings)
  t.match(report, { ok: false, verdict: 'critical' })
  t.equal(report.summary, `1 of 2 targets critical: ${dead}: GET /now: connection refused`)
  t.same(
    report.targets.map(({ verdict }) => verdict),
    ['critical', 'ok'],
  )
})

t.test('uses the address given by the caller instead of a look-up', async (t) => {
  const { port } = new URL(await startService(t, timeService()))
  const target = { url: `http://no-such-name.invalid:${port}`, address: '127.0.0.1' }
  t.match(await checkTargets([target], defaultSettings), { verdict: 'ok', targets: [{ address: '127.0.0.1' }] })
})

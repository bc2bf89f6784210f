import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildLambda } from '../build.ts'
import { freeUrl, startService, timeService } from '../fixtures/service.ts'
import { readEvent } from './event.ts'
import { metricLines } from './metrics.ts'

const folder = join(t.testdir(), 'lambda')
const built = await buildLambda(join(folder, 'index.mjs'))

/** Like the AWS runtime for an ES module: imports it, calls the handler's export, awaits its promise. */
const runtime = `
const [file, event] = process.argv.slice(1)
const { handler } = await import(file)
const context = { functionName: 'checks', awsRequestId: '1', getRemainingTimeInMillis: () => 15000 }
try {
  const answer = await handler(JSON.parse(event), context)
  process.stderr.write(JSON.stringify({ answer }))
} catch ({ name, message }) {
  process.stderr.write(JSON.stringify({ errorType: name, errorMessage: message }))
}
`

function invoke(event: unknown, environment: Record<string, string> = {}) {
  return new Promise<{ readonly lines: Record<string, unknown>[]; readonly said: unknown }>((resolve) => {
    const argv = ['--input-type=module', '--eval', runtime, built, JSON.stringify(event)]
    const env = { PATH: '/usr/bin:/bin', ...environment }
    execFile(process.execPath, argv, { cwd: folder, env }, (_, stdout, stderr) => {
      resolve({
        lines: stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
        said: JSON.parse(stderr),
      })
    })
  })
}

t.test('a scheduled event: reads the environment, prints metrics, returns the report', async (t) => {
  t.same(readdirSync(folder), ['index.mjs'])
  const url = await startService(t, timeService(60_000))
  const scheduled = { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} }
  const { lines, said } = await invoke(scheduled, {
    BAKEROLL_CHECK_URLS: url,
    BAKEROLL_CHECK_MAX_OFFSET: '',
    BAKEROLL_CHECK_SAMPLES: '2',
  })
  t.match(said, { answer: { verdict: 'critical', targets: [{ url, clock: { samples: 2, limitMs: 1000 } }] } })
  t.equal(lines.length, 2)
  t.match(lines[0], { Checker: 'checks', Critical: 1, Ok: 0, Unknown: 0, verdict: 'critical' })
  t.match(lines[0]?.['_aws'], {
    CloudWatchMetrics: [
      { Namespace: 'bakeroll/check', Dimensions: [['Checker']], Metrics: [{ Name: 'Ok', Unit: 'Count' }] },
    ],
  })
  t.match(lines[1], { Checker: 'checks', Url: url, Available: 0, address: '127.0.0.1' })
  t.match(String(lines[1]?.['ClockOffset']), /^(59|60)/)
})

t.test('an event overrides the environment; a service that is down is no function error', async (t) => {
  const url = await freeUrl()
  const event = { urls: [url], flags: { 'max-offset': '2h', samples: 1, ipv4: true, ipv6: false } }
  const { said } = await invoke(event, { BAKEROLL_CHECK_URLS: 'http://other.example', BAKEROLL_CHECK_IPV6: 'true' })
  t.match(said, { answer: { ok: false, verdict: 'critical', targets: [{ url }] } })
})

t.test('a checker that cannot work fails, so that Lambda counts an error', async (t) => {
  t.match((await invoke({})).said, { errorType: 'Error', errorMessage: /^no url/ })
  t.match((await invoke({ urls: ['a.example'], flags: { 'max-offset': 1 } })).said, {
    errorMessage: /--max-offset: expected a duration.*; url "a\.example": no scheme/,
  })
})

t.test('refuses invalid events', async (t) => {
  const cases: [object, RegExp][] = [
    [{ urls: 'http://a' }, /^urls: expected a list/],
    [{ flags: [] }, /^flags: expected an object/],
    [
      { urls: ['http://a'], flags: { state: '/tmp/x', serve: ':1' } },
      /^--state: not supported in Lambda; --serve: not supported in Lambda$/,
    ],
    [{ urls: ['http://a'], flags: { sampels: 1 } }, /^--sampels: unknown flag; did you mean --samples\?$/],
  ]
  for (const [event, message] of cases) await t.rejects(readEvent(event, {}), { message })
})

t.test('no target counts as unknown; an unmeasured value is absent, not zero', (t) => {
  const [first = ''] = metricLines({ ok: false, verdict: 'unknown', summary: 's', targets: [] }, 'c', 5)
  t.match(JSON.parse(first), { _aws: { Timestamp: 5 }, Ok: 0, Warning: 0, Critical: 0, Unknown: 1 })
  const target = { url: 'http://a', verdict: 'ok' as const, reasons: [] }
  const [, second = ''] = metricLines({ ok: true, verdict: 'ok', summary: 's', targets: [target] }, 'c', 5)
  const { _aws: _, ...rest } = JSON.parse(second)
  t.same(rest, { Checker: 'c', Url: 'http://a', Available: 1, verdict: 'ok', reasons: [] })
  t.end()
})

t.test('sends the heartbeat through the proxy given in the event', async (t) => {
  const asked: string[] = []
  const proxy = await startService(t, (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end()
  })
  const url = await startService(t, timeService())
  const { said } = await invoke({ urls: [url], flags: { heartbeat: 'http://beat.invalid/b', proxy, samples: 1 } })
  t.match(said, { answer: { targets: [{ url }] } })
  t.same(asked, ['GET http://beat.invalid/b'])
})

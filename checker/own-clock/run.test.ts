import t, { type Test } from 'tap'
import { optionOf } from '../fixtures/options.ts'
import { startService, timeService } from '../fixtures/service.ts'
import { type CheckOptions, defaultOptions } from '../options/options.ts'
import { runCheck } from '../run.ts'
import type { RunOutcome } from '../run-types.ts'
import { startNtpServer } from './fixtures/ntp-server.ts'

async function run(t: Test, url: string, options: Partial<CheckOptions>): Promise<RunOutcome> {
  const host = { startedMs: performance.now(), warn: t.fail }
  return runCheck({ targets: [{ url }], options: { ...defaultOptions(), samples: 3, ...options } }, host)
}

t.test('with an own clock 5 s behind the time servers, judges services by the time servers', async (t) => {
  const ntp = await optionOf('ntp', (await startNtpServer(t, { offsetMs: 5000, rootDelayMs: 10 })).name)
  const right = await run(t, await startService(t, timeService(5000)), { ntp })
  t.match(right, { exitCode: 0, report: { ownClock: { source: /^ntp 127\.0\.0\.1$/ } } })
  const { ownClock, targets } = right.report
  if (ownClock === undefined || 'reason' in ownClock) throw new Error(JSON.stringify(ownClock))
  t.ok(Math.abs(ownClock.offsetMs + 5000) <= ownClock.errorMs + 2, JSON.stringify(ownClock))
  const clock = targets[0]?.clock
  t.ok((clock?.errorMs ?? 0) > ownClock.errorMs, 'both bounds add up')
  t.ok(Math.abs(clock?.offsetMs ?? Number.NaN) <= (clock?.errorMs ?? 0) + 2, JSON.stringify(clock))
  const wrong = await run(t, await startService(t, timeService()), { ntp })
  t.match(wrong, { exitCode: 2, report: { targets: [{ reasons: [/s behind|ms behind/] }] } })
})

t.test('with time servers that prove nothing, the clock is unknown and the rest is still checked', async (t) => {
  const ntp = await optionOf('ntp', (await startNtpServer(t, { stratum: 16 })).name)
  const url = await startService(t, timeService(60_000))
  const reason = "the checker's own clock cannot be trusted: 127.0.0.1: not synchronised itself"
  const unknown = await run(t, url, { ntp })
  t.match(unknown, { exitCode: 3, report: { ownClock: { reason: '127.0.0.1: not synchronised itself' } } })
  t.same(unknown.report.targets[0]?.reasons, [reason])
  const wrongVersion = await run(t, url, { ntp, expectVersion: '9.9.9' })
  t.equal(wrongVersion.exitCode, 2)
  t.same(wrongVersion.report.targets[0]?.reasons, ['version 1.4.0, expected 9.9.9', reason])
})

t.test('a silent time server leaves time for the targets', async (t) => {
  const ntp = await optionOf('ntp', (await startNtpServer(t, { silent: 99 })).name)
  const url = await startService(t, timeService())
  const { report, exitCode } = await run(t, url, { ntp, timeoutMs: 4000 })
  t.equal(exitCode, 3)
  t.match(report, {
    ownClock: { reason: '127.0.0.1: no answer within 2 s' },
    targets: [{ version: { found: '1.4.0' } }],
  })
})

t.test('--ntp none asks no time server and leaves the own clock out of the report', async (t) => {
  const { report, exitCode } = await run(t, await startService(t, timeService()), { ntp: 'none' })
  t.equal(exitCode, 0)
  t.notOk('ownClock' in report)
})

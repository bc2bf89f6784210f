import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { optionOf } from '../fixtures/options.ts'
import type { CheckReport } from '../verdict/report.ts'
import { reportOf } from './fixtures/notices.ts'
import { startReceiver, status } from './fixtures/receivers.ts'
import { type AlarmHost, type AlarmOptions, processAlarms } from './process-alarms.ts'
import { lockRun } from './run-lock.ts'

/** Runs one minute apart on a simulated clock; sleeping moves it. */
function runner(t: Test, changes: Partial<AlarmOptions> = {}) {
  const folder = t.testdir({})
  let nowMs = Date.UTC(2026, 0, 1, 12)
  const host: AlarmHost = {
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
  }
  const stateFile = join(folder, 'state')
  const options = { stateFile, failures: 2, successes: 2, remindMs: 14_400_000, timeoutMs: 10_000, ...changes }
  const run = (report: CheckReport & { roll?: { underWay: boolean } }) => {
    nowMs += 60_000
    return processAlarms(report, options, host)
  }
  return {
    folder,
    stateFile,
    run,
    wait: (ms: number) => {
      nowMs += ms
    },
  }
}

const kinds = (bodies: readonly { readonly body: string }[]) => bodies.map(({ body }) => JSON.parse(body).kind)

t.test('an outage from alarm to recovery, with a heartbeat after each run', async (t) => {
  const hook = await startReceiver(t)
  const heart = await startReceiver(t)
  const { folder, run, wait } = runner(t, {
    notify: await optionOf('notify', [hook.url, hook.url].join('\n')),
    heartbeat: new URL(`${heart.url}/beat`),
  })
  t.match(await run(reportOf('critical')), { notices: [], delivered: 0 })
  t.match(await run(reportOf('critical')), { notices: [{ kind: 'alarm' }], delivered: 1, waiting: 0, problems: [] })
  t.match(await run(reportOf('critical')), { notices: [], delivered: 0 })
  wait(14_400_000)
  for (const verdict of ['critical', 'ok', 'ok', 'ok'] as const) await run(reportOf(verdict))
  t.same(kinds(hook.received), ['alarm', 'reminder', 'recovered'], 'the same channel given twice counts once')
  t.same(
    heart.received.map(({ path }) => path),
    Array(7).fill('/beat'),
  )
  t.same(readdirSync(folder), ['state'], 'no lock, no temporary file')
})

t.test('an undelivered message waits for the next run and fails the heartbeat', async (t) => {
  const hook = await startReceiver(t, status(500), status(500), status(500))
  const heart = await startReceiver(t)
  const notify = await optionOf('notify', `${hook.url}/secret`)
  const { run } = runner(t, { failures: 1, notify, heartbeat: new URL(`${heart.url}/beat`) })
  const first = await run(reportOf('critical'))
  t.match(first, { delivered: 0, waiting: 1 })
  t.match(first.problems, [/^webhook 127\.0\.0\.1:\d+: status 500; 1 message waits for the next run$/])
  t.match(await run(reportOf('ok')), { delivered: 1, waiting: 0, problems: [] })
  t.same(
    heart.received.map(({ path }) => path),
    ['/beat/fail', '/beat'],
  )
  const keys = hook.received.map(({ headers }) => headers['idempotency-key'])
  t.equal(keys.length, 4)
  t.equal(new Set(keys).size, 1)
})

t.test('one message per check for people, one per notice for programs', async (t) => {
  const hook = await startReceiver(t)
  const { run } = runner(t, {
    failures: 1,
    notify: await optionOf('notify', [hook.url, `slack:${hook.url}/slack`].join('\n')),
  })
  t.match(await run(reportOf('critical', 'warning', 'ok')), { delivered: 3 })
  t.same(hook.received.map(({ path }) => path).sort(), ['/', '/', '/slack'])
  t.match(JSON.parse(hook.received.find(({ path }) => path === '/slack')?.body ?? '').text, /^critical: .*\nwarning: /)
})

t.test('holds notices back in maintenance and during a roll, reports what still fails afterwards', async (t) => {
  const hook = await startReceiver(t)
  const { run } = runner(t, {
    failures: 1,
    notify: await optionOf('notify', hook.url),
    maintenance: await optionOf('maintenance', ['daily 12:00-12:02', 'daily 11:00-11:01'].join('\n')),
  })
  t.match(await run(reportOf('critical')), { notices: [], heldBack: 1 }, '12:01')
  t.match(await run({ ...reportOf('critical'), roll: { underWay: true } }), { heldBack: 1 }, '12:02')
  t.match(await run({ ...reportOf('critical'), roll: { underWay: false } }), { notices: [{ times: 3, heldBack: 2 }] })
  t.equal(hook.received.length, 1)
})

t.test('renames and reports a corrupt state file and carries on', async (t) => {
  const { stateFile, folder, run } = runner(t, { failures: 1 })
  writeFileSync(stateFile, 'nonsense')
  t.match(await run(reportOf('critical')), {
    notices: [{ kind: 'alarm' }],
    problems: [/was corrupt and was renamed/],
  })
  t.same(readdirSync(folder), ['state', 'state.corrupt-20260101T120100Z'])
})

t.test('refuses the state file of a newer version before it sends anything', async (t) => {
  const hook = await startReceiver(t)
  const { stateFile, folder, run } = runner(t, { failures: 1, notify: await optionOf('notify', hook.url) })
  writeFileSync(stateFile, '{"version":2}')
  await t.rejects(run(reportOf('critical')), { message: /has format 2/ })
  t.same([hook.received, readdirSync(folder)], [[], ['state']])
})

t.test('delivers alarms even when the state cannot be written', async (t) => {
  const hook = await startReceiver(t)
  const heart = await startReceiver(t)
  const { folder, run } = runner(t, {
    failures: 1,
    notify: await optionOf('notify', hook.url),
    heartbeat: new URL(heart.url),
  })
  mkdirSync(join(folder, '.state.new'))
  const outcome = await run(reportOf('critical'))
  t.match(outcome, { delivered: 1, broken: /^the state could not be written: /, problems: [/^the state could not/] })
  t.same([hook.received.length, heart.received[0]?.path], [1, '/fail'])
  rmSync(join(folder, '.state.new'), { recursive: true })
  t.equal((await run(reportOf('ok'))).broken, undefined)
})

t.test('uses and keeps the lock of the caller', async (t) => {
  const stateFile = join(t.testdir({}), 'state')
  const lock = lockRun(stateFile, Date.now())
  if ('busy' in lock) throw new Error(lock.busy)
  const options = { stateFile, failures: 1, successes: 1, remindMs: 0, timeoutMs: 1000 }
  t.match(await processAlarms(reportOf('ok'), options), { busy: /^another run is under way since/ })
  t.match(await processAlarms(reportOf('ok'), { ...options, lock }), { busy: undefined, problems: [] })
  t.match(await processAlarms(reportOf('ok'), options), { busy: /^another run/ })
  lock.release()
  t.match(await processAlarms(reportOf('ok'), options), { busy: undefined })
})

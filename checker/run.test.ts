import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { optionOf } from './fixtures/options.ts'
import { freeUrl, startService, startSocketService, timeService } from './fixtures/service.ts'
import { judgeCheck } from './options/judge.ts'
import { type CheckOptions, defaultOptions } from './options/options.ts'
import { runCheck } from './run.ts'
import type { RunOutcome } from './run-types.ts'

interface Ran extends RunOutcome {
  readonly warnings: string[]
}

async function run(url: string, options: Partial<CheckOptions>): Promise<Ran> {
  const warnings: string[] = []
  const all: CheckOptions = { ...defaultOptions(), ntp: 'none', samples: 1, ...options }
  const host = { startedMs: performance.now(), warn: (line: string) => void warnings.push(line) }
  return { ...(await runCheck({ targets: [{ url }], options: all }, host)), warnings }
}

t.test('what the caller adds to the report appears in every format', async (t) => {
  const url = await startService(t, timeService())
  const output = join(t.testdir(), 'report.json')
  const run = { targets: [{ url }], options: { ...defaultOptions(), format: 'json', output } as const }
  const outcome = await runCheck(
    { ...run, describe: (report) => ({ ...report, summary: `${report.summary}; so it is` }) },
    { startedMs: performance.now(), warn: t.fail },
  )
  t.match(outcome.stdout, /; so it is\n$/)
  t.equal(JSON.parse(readFileSync(output, 'utf8')).summary, outcome.report.summary)
  t.match(await runCheck({ ...run, expectVersion: ['2.0.0'] }, { startedMs: performance.now(), warn: t.fail }), {
    exitCode: 2,
    report: { targets: [{ version: { expected: '2.0.0' } }] },
  })
})

t.test('alarms once on the third failure, by webhook, and reports the recovery', async (t) => {
  const told: string[] = []
  const hook = await startService(t, (request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      told.push(JSON.parse(body).kind)
      response.end()
    })
  })
  const beats: unknown[] = []
  const heartbeat = await startService(t, (request, response) => {
    beats.push(request.url)
    response.end()
  })
  let isUp = false
  const url = await startService(t, (request, response) => {
    if (isUp) timeService()(request, response)
    else response.writeHead(502).end()
  })
  const options = {
    state: join(t.testdir(), 'state.json'),
    notify: await optionOf('notify', `${hook}/hook`),
    heartbeat: new URL(`${heartbeat}/beat`),
  }
  t.same((await judgeCheck([url], { ...defaultOptions(), ...options })).problems, [])
  for (const wanted of [[], [], ['alarm'], ['alarm']]) {
    t.match(await run(url, options), { exitCode: 2, warnings: [] })
    t.same(told, wanted)
  }
  isUp = true
  for (const wanted of [['alarm'], ['alarm', 'recovered']]) {
    t.match(await run(url, options), { exitCode: 0, warnings: [] })
    t.same(told, wanted)
  }
  t.same(
    beats,
    Array.from({ length: 6 }, () => '/beat'),
  )
})

t.test('the second of two runs with one state file does nothing', async (t) => {
  let release = () => {}
  let asked = 0
  const url = await startService(t, (request, response) => {
    asked += 1
    release = () => timeService()(request, response)
  })
  const folder = t.testdir()
  // The first answer waits for the second run, however long that takes.
  const patient = { timeoutMs: 60_000, maxOffsetMs: 60_000 }
  const options = { state: join(folder, 'state.json'), versionPath: '/now', ...patient }
  const first = run(url, options)
  while (asked === 0) await new Promise(setImmediate)
  const second = await run(url, options)
  t.match(second, { exitCode: 3, report: { verdict: 'unknown', summary: /^another run is under way since / } })
  t.equal(asked, 1)
  release()
  while (asked === 1) await new Promise(setImmediate)
  release()
  t.equal((await first).exitCode, 0)
  t.same(readdirSync(folder), ['state.json'])
})

t.test('a file that cannot be written turns ok into unknown and leaves critical alone', async (t) => {
  const folder = t.testdir({ file: '' })
  const options = { output: join(folder, 'file', 'report.txt') }
  t.match(await run(await startService(t, timeService()), options), { exitCode: 3, warnings: [/^--output: ENOTDIR/] })
  t.match(await run(await freeUrl(), options), { exitCode: 2, warnings: [/^--output: ENOTDIR/] })
})

t.test('refuses the state file of a newer version before the first request', async (t) => {
  const state = join(t.testdir(), 'state.json')
  await run(await freeUrl(), { state })
  writeFileSync(state, JSON.stringify({ ...JSON.parse(readFileSync(state, 'utf8')), version: 99 }))
  t.match((await judgeCheck(['http://a'], { ...defaultOptions(), state })).problems, [/^--state: .*newer/])
})

t.test('a heartbeat needs no state file; a failed one is a warning', async (t) => {
  const url = await startService(t, timeService())
  const heartbeat = new URL(await freeUrl())
  t.match(await run(url, { heartbeat }), { exitCode: 0, warnings: [/^heartbeat 127\.0\.0\.1:\d+: /] })
})

t.test('keeps a quarter of the time for notifications', async (t) => {
  const silent = await startSocketService(t, () => {})
  const options = {
    timeoutMs: 400,
    state: join(t.testdir(), 'state'),
    notify: await optionOf('notify', 'command:true'),
  }
  t.match(await run(silent, options), { report: { summary: /no complete answer within 0\.3 s$/ } })
})

// needs: machines, ps, ss, .venv/mitogen
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { slowed } from '../../tasks/dev/test-pace.ts'
import type { RollEvent } from '../../tasks/lib/roll/events.ts'
import { openReport } from '../../tasks/report/report.ts'
import { type LoadResult, startLoad, sum } from '../../tasks/tools/load.ts'
import { makeBrokenImage } from './broken-image.ts'
import { startSlowRequests } from './slow-requests.ts'
import { eventually, runVerb, startVerb, testHome, testPort } from './verbs.ts'

const url = `http://127.0.0.1:${testPort}/now`
let sent = 0

t.teardown(() => runVerb('destroy', '--yes'))

t.before(async () => {
  for (const release of ['1.0.0', '1.1.0']) {
    const { exitCode, stderr } = await runVerb('bake', '--release', release)
    if (exitCode !== 0) throw new Error(stderr)
  }
})

/** Kept connections, new ones, and requests of several seconds, for as long as the work takes; the report tells of them. */
async function underLoad(t: Test, reportOf: string, work: () => Promise<void>): Promise<void> {
  const since = new Date().toISOString()
  const loads = [
    startLoad({ url, keptPerSecond: 40, newPerSecond: 25 }),
    startSlowRequests(url, { perSecond: 2, seconds: 4 }),
  ]
  let results: LoadResult[] = []
  try {
    await work()
  } finally {
    results = await Promise.all(loads.map((load) => load.stop()))
  }
  const all = sum(results)
  sent += all.sent
  const report = openReport(reportOf)
  report.onEvent({ event: 'requests', at: new Date().toISOString(), since, sent: all.sent, failed: all.failed })
  report.finish()
  t.same({ failed: all.failed, failures: all.failures }, { failed: 0, failures: {} })
  t.ok((results[1]?.sent ?? 0) > 60, `${results[1]?.sent} requests of several seconds`)
}

async function releases(): Promise<string[]> {
  const { facts } = await runVerb('status')
  return facts.instances.map(({ release }: { release: string }) => release)
}

function eventsOf(report: string): RollEvent[] {
  const file = report.replace(/html$/, 'jsonl')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line))
}

/** How often the step was taken so far. */
function taken(report: string, step: string): number {
  return eventsOf(report).filter((event) => event.event === 'step' && event.step === step).length
}

/** The fewest healthy instances and the most machines that a roll saw. */
function extremes(report: string) {
  const seen = eventsOf(report).filter((event) => event.event === 'capacity')
  return {
    lowest: Math.min(...seen.map(({ healthy }) => healthy)),
    highest: Math.max(...seen.map(({ machines }) => machines)),
  }
}

async function reportFile(name: string): Promise<string> {
  const report = join(testHome, `${name}.html`)
  await rm(report.replace(/html$/, 'jsonl'), { force: true })
  return report
}

t.test(
  'three by surge, the client killed at three different steps: carried on each time, no request fails',
  async (t) => {
    const deployed = await runVerb('deploy', '--image', '1.0.0', '--size', '3')
    t.equal(deployed.exitCode, 0, deployed.stderr)
    const report = await reportFile('surge')
    const roll = ['--image', '1.1.0', '--report', report]
    await underLoad(t, report, async () => {
      for (const step of ['launch', 'drain', 'terminate']) {
        const before = taken(report, step)
        const client = startVerb('roll', ...roll)
        await eventually(`the roll takes the step ${step}`, async () => taken(report, step) > before, slowed(300))
        client.kill('SIGKILL')
        await client
      }
      const { exitCode, facts, stderr } = await runVerb('roll', ...roll)
      t.match(
        { exitCode, facts },
        { exitCode: 0, facts: { ok: true, outcome: 'rolled', report: { page: report } } },
        stderr,
      )
    })
    t.same(await releases(), ['1.1.0', '1.1.0', '1.1.0'])
    t.same(extremes(report), { lowest: 3, highest: 4 })
    t.equal(eventsOf(report).filter(({ event }) => event === 'began').length, 4)
    t.match(readFileSync(report, 'utf8'), /<html/)
  },
)

t.test('two in place, one at a time: never more machines than two, no request fails', async (t) => {
  t.equal((await runVerb('scale', '2')).exitCode, 0)
  const report = await reportFile('in-place')
  await underLoad(t, report, async () => {
    const { facts, stderr } = await runVerb('roll', '--image', '1.0.0', '--max-unavailable', '1', '--report', report)
    t.match(facts, { ok: true, outcome: 'rolled' }, stderr)
  })
  t.same(await releases(), ['1.0.0', '1.0.0'])
  t.same(extremes(report), { lowest: 1, highest: 2 })
})

t.test('a release that never gets healthy is put back: exit 4, no request fails', async (t) => {
  const { facts } = await runVerb('images')
  const { id } = facts.images.find(({ release }: { release: string }) => release === '1.1.0')
  const broken = await makeBrokenImage(id, '1.2.0')
  const report = await reportFile('broken')
  await underLoad(t, report, async () => {
    const rolled = await runVerb('roll', '--image', broken, '--instance-timeout', `${slowed(75)}s`, '--report', report)
    t.match(
      rolled,
      { exitCode: 4, facts: { outcome: 'rolled-back', reason: /not healthy after \d+ s/ } },
      rolled.stderr,
    )
  })
  t.same(await releases(), ['1.0.0', '1.0.0'])
  t.same(extremes(report), { lowest: 2, highest: 3 })
  await rm(join(testHome, 'images', broken), { recursive: true })
})

t.test('enough requests to mean something', async (t) => {
  t.ok(sent >= 20_000, `${sent} requests`)
})

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { optionOf } from '../fixtures/options.ts'
import type { Verdict } from '../verdict/report.ts'
import { startReceiver, status } from './fixtures/receivers.ts'
import type { RunTask } from './fixtures/run-alarms.ts'
import type { AlarmOptions, AlarmOutcome } from './process-alarms.ts'
import { loadState } from './state-file.ts'

const program = new URL('fixtures/run-alarms.ts', import.meta.url).pathname
const verdicts: Verdict[] = ['critical', 'critical', 'warning', 'critical']

async function optionsOf(stateFile: string, url: string): Promise<AlarmOptions> {
  const notify = await optionOf('notify', `${url}/hook`)
  return { stateFile, failures: 1, successes: 1, remindMs: 0, notify, timeoutMs: 20_000 }
}

function startRun(t: Test, options: AlarmOptions): ChildProcess {
  const child = fork(program)
  t.teardown(() => child.kill('SIGKILL'))
  child.send({ verdicts, options } satisfies RunTask)
  return child
}

/** The outcome of a run; undefined when it was killed. */
async function endOf(child: ChildProcess): Promise<AlarmOutcome | undefined> {
  let outcome: AlarmOutcome | undefined
  child.on('message', (message) => {
    outcome = message as AlarmOutcome
  })
  await once(child, 'exit')
  return outcome
}

t.test('runs killed during delivery still deliver each message, always under the same key', async (t) => {
  const options = { stateFile: join(t.testdir({}), 'state') }
  let child: ChildProcess | undefined
  const kill = () => child?.kill('SIGKILL')
  // Killed before, after and during the response; one is not killed but refused.
  const { url, received } = await startReceiver(
    t,
    (response) => {
      kill()
      response.destroy()
    },
    (response) => response.end('ok', kill),
    (response) => {
      response.writeHead(200, { 'content-length': 2 }).write('o', kill)
    },
    status(500),
    (response) => response.end('ok', kill),
  )
  const outcomes: (AlarmOutcome | undefined)[] = []
  for (let run = 0; run < 12; run += 1) {
    child = startRun(t, await optionsOf(options.stateFile, url))
    outcomes.push(await endOf(child))
    if (outcomes.at(-1)?.waiting === 0) break
  }
  t.ok(outcomes.filter((outcome) => outcome === undefined).length >= 4, 'killed repeatedly')
  t.match(outcomes.at(-1), { waiting: 0, problems: [] })
  const targetsByKey = new Map<string, Set<string>>()
  for (const { headers, body } of received) {
    const key = String(headers['idempotency-key'])
    targetsByKey.set(key, (targetsByKey.get(key) ?? new Set()).add(JSON.parse(body).target))
  }
  t.equal(targetsByKey.size, verdicts.length, 'one key per message, however often it was sent')
  t.same(
    [...targetsByKey.values()].map((targets) => targets.size),
    [1, 1, 1, 1],
    'one message per key',
  )
  t.ok(received.length > verdicts.length, 'some were sent again')
  t.same(loadState(options.stateFile, Date.now()).state.outbox, [])
})

t.test('a concurrent run does nothing and says why', async (t) => {
  const stateFile = join(t.testdir({}), 'state')
  let answer = () => {}
  const arrived = Promise.withResolvers<void>()
  const { url, received } = await startReceiver(t, (response) => {
    answer = () => response.end('ok')
    arrived.resolve()
  })
  const first = startRun(t, await optionsOf(stateFile, url))
  const firstEnd = endOf(first)
  await arrived.promise
  const second = await endOf(startRun(t, await optionsOf(stateFile, url)))
  t.match(second, {
    busy: RegExp(`^another run is under way since .* \\(process ${first.pid}\\)$`),
    notices: [],
    delivered: 0,
  })
  answer()
  t.match(await firstEnd, { delivered: verdicts.length, waiting: 0, problems: [] })
  t.equal(received.length, verdicts.length)
})

import t from 'tap'
import { DeliveryError } from './channels/delivery-error.ts'
import { deliver, givenUpAfterMs } from './delivery.ts'
import { noticeOf } from './fixtures/notices.ts'
import type { Message } from './notice-text.ts'
import type { Outgoing } from './state.ts'

type Reply = 'taken' | DeliveryError | Error

/** A simulated clock, and channels that give the listed replies and then accept everything. */
function world(replies: Record<string, Reply[]>, timeoutMs = 60_000) {
  let nowMs = 0
  const tries: string[] = []
  const kept: string[][] = []
  const channels = new Map(
    Object.entries(replies).map(([channel, answers]) => [
      channel,
      async ({ key }: Message) => {
        tries.push(`${nowMs} ${channel} ${key}`)
        const reply = answers.shift() ?? 'taken'
        if (reply instanceof Error) throw reply
      },
    ]),
  )
  const task = { channels, timeoutMs, keep: (outbox: readonly Outgoing[]) => kept.push(outbox.map(({ key }) => key)) }
  const host = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms
    },
  }
  return { tries, kept, run: (...outbox: Outgoing[]) => deliver(outbox, task, host) }
}

function entry(key: string, changes: Partial<Outgoing> & { outage?: string } = {}): Outgoing {
  const { outage = key, ...rest } = changes
  return { key, channel: 'hook', channelName: 'webhook h', notices: [noticeOf({ outage })], queuedMs: 0, ...rest }
}

const down = () => new DeliveryError('connection refused')
const refused = () => new DeliveryError('status 400', { isRefusal: true })

t.test('delivers each message once, in order, and saves the outbox after each', async (t) => {
  const { tries, kept, run } = world({ hook: [] })
  t.same(await run(entry('a'), entry('b')), { outbox: [], delivered: 2, isStuck: false, problems: [] })
  t.same(tries, ['0 hook a', '0 hook b'])
  t.same(kept, [['b'], []])
})

t.test('retries after 1, 2 and 4 seconds and leaves the rest to the next run', async (t) => {
  const { tries, run } = world({ hook: Array.from({ length: 9 }, down) }, 10_000)
  const { outbox, delivered, problems } = await run(entry('a'))
  t.same(tries, ['0 hook a', '1000 hook a', '3000 hook a', '7000 hook a'], 'the next try would be past the deadline')
  t.match(outbox, [{ key: 'a', failure: 'connection refused' }])
  t.same([delivered, problems], [0, ['webhook h: connection refused; 1 message waits for the next run']])
})

t.test('retries only the first message on a channel that is down, tries the others after a refusal', async (t) => {
  const isDown = world({ hook: [down()] })
  await isDown.run(entry('a'), entry('b'))
  t.same(isDown.tries, ['0 hook a', '1000 hook a', '1000 hook b'])
  const refuses = world({ hook: [refused()] })
  await refuses.run(entry('a'), entry('b'))
  t.same(refuses.tries, ['0 hook a', '0 hook b', '1000 hook a'])
})

t.test('never delivers a recovery before its alarm', async (t) => {
  const { tries, run } = world({ hook: [refused()] })
  await run(entry('alarm', { outage: 'x' }), entry('recovered', { outage: 'x' }), entry('other'))
  t.same(tries, ['0 hook alarm', '0 hook other', '1000 hook alarm', '1000 hook recovered'])
})

t.test('a channel that fails does not hold up the others', async (t) => {
  const { run } = world({ hook: Array.from({ length: 9 }, () => new TypeError('a defect')), slack: [] }, 5000)
  const { outbox, delivered } = await run(entry('a'), entry('b', { channel: 'slack' }))
  t.same([delivered, outbox.map(({ key, failure }) => [key, failure])], [1, [['a', 'failed']]])
})

t.test('honours Retry-After', async (t) => {
  const { tries, run } = world({ hook: [new DeliveryError('status 429', { retryAfterMs: 17_000 })] })
  await run(entry('a'))
  t.same(tries, ['0 hook a', '17000 hook a'])
})

t.test('tries a message that is a day old once more, then drops and reports it', async (t) => {
  const old = { queuedMs: -givenUpAfterMs }
  const taken = world({ hook: [] })
  t.match(await taken.run(entry('a', old)), { delivered: 1, problems: [] })
  const lost = world({ hook: [down()] }, 500)
  const { outbox, problems } = await lost.run(entry('a', old), entry('b', { queuedMs: 1 - givenUpAfterMs }))
  t.same(
    outbox.map(({ key }) => key),
    ['b'],
  )
  t.match(
    problems[0],
    /^webhook h: given up after 24 h \(connection refused\): critical: http:\/\/a \(10\.0\.0\.1\): status 500/,
  )
})

t.test('reports messages queued for a channel that was removed', async (t) => {
  const { run } = world({})
  const { outbox, isStuck, problems } = await run(entry('a'), entry('b'))
  t.same([outbox.length, isStuck], [2, false])
  t.same(problems, ['webhook h: 2 messages wait for it, but it is no longer among --notify'])
})

t.test('loses no message when there is no time to deliver', async (t) => {
  const { tries, run } = world({ hook: [] }, 0)
  const { outbox } = await run(entry('a'))
  t.ok(tries.length + outbox.length === 1)
})

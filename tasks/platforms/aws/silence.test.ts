import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openSilenceWatch, SilenceError } from './silence.ts'

// Far enough apart for a computer that is late by some tenths of a second.
const limits = { attemptMs: 400, callMs: 1000, quietMs: 10_000, stopMs: 400 }
const never = () => new Promise<never>(() => {})
const once = (watch: ReturnType<typeof openSilenceWatch>, host: string, work: () => Promise<unknown>) =>
  watch.call(true, (call) => watch.attempt(call, host, work))

t.test('an attempt that nobody answers is worth another one, the last is not', async (t) => {
  const watch = openSilenceWatch(undefined, limits)
  await watch.call(true, async (call) => {
    for (const ends of [{ name: 'TimeoutError' }, { name: 'TimeoutError' }, { name: 'SilenceError' }]) {
      await t.rejects(watch.attempt(call, 'ec2', never), ends)
    }
    await t.rejects(
      watch.attempt(call, 'ec2', async () => 'too late'),
      { message: 'the time of the call is up' },
    )
    t.equal(call.attempts, 3)
  })
})

t.test(
  'after a silence the same host is not asked for a while, and another one only when something answers',
  async (t) => {
    const watch = openSilenceWatch(undefined, { ...limits, callMs: 300 })
    await t.rejects(once(watch, 'ec2', never), { name: 'SilenceError', message: /^no answer from ec2 within/ })
    await t.rejects(
      once(watch, 'ec2', async () => 'not asked'),
      { message: 'not asked, ec2 does not answer' },
    )
    await t.rejects(
      once(watch, 'ssm', async () => 'not asked'),
      { message: 'not asked, ec2 does not answer' },
    )

    const other = openSilenceWatch(undefined, limits)
    t.equal(await once(other, 'ssm', async () => 'well'), 'well')
    await other.call(true, async (call) => {
      for (let attempt = 1; attempt <= 3; attempt++) await t.rejects(other.attempt(call, 'ec2', never))
    })
    await t.rejects(once(other, 'ec2', async () => 'not asked'))
    t.equal(await once(other, 'ssm', async () => 'well'), 'well', 'ssm has answered')
  },
)

t.test('an error that AWS sends is no silence', async (t) => {
  const watch = openSilenceWatch(undefined, limits)
  const refused = Object.assign(new Error('refused'), { $metadata: { httpStatusCode: 403 } })
  await t.rejects(
    once(watch, 'ec2', () => Promise.reject(refused)),
    { message: 'refused' },
  )
  t.equal(await once(watch, 'ec2', async () => 'well'), 'well')
})

t.test('a connection that breaks is no silence', async (t) => {
  const watch = openSilenceWatch(undefined, limits)
  for (const code of ['ECONNRESET', 'EPIPE']) {
    const broken = Object.assign(new Error(`write ${code}`), { name: 'TimeoutError', code })
    await t.rejects(
      once(watch, 'ec2', () => Promise.reject(broken)),
      { code },
    )
  }
})

t.test('a call that does not even begin', async (t) => {
  const watch = openSilenceWatch(undefined, limits)
  await t.rejects(watch.call(false, never), { name: 'SilenceError', message: /^no credentials within/ })
})

t.test('an attempt that goes on is no call that does not begin', async (t) => {
  const watch = openSilenceWatch(undefined, { ...limits, attemptMs: 300, callMs: 50 })
  const slow = watch.call(true, async (call) => {
    call.attempts += 1
    await sleep(120)
    return 'well'
  })
  t.equal(await slow, 'well')
})

t.test('who wants to stop waits for what changes something, and only a little', async (t) => {
  const stop = new AbortController()
  const watch = openSilenceWatch(stop.signal, { ...limits, attemptMs: 60_000, callMs: 60_000 })
  const reading = once(watch, 'ec2', never)
  const writing = watch.call(false, (call) => watch.attempt(call, 'ec2', never))
  const done = watch.call(false, (call) => watch.attempt(call, 'ssm', () => sleep(5).then(() => 'done')))
  stop.abort()
  await t.rejects(reading, { name: 'AbortError' })
  t.equal(await done, 'done')
  const silence = await writing.catch((error: unknown) => error)
  t.ok(silence instanceof SilenceError)
  t.match(silence, { message: /^no answer from ec2 within/ })
})

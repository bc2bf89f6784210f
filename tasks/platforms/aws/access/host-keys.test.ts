import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { OperatorError } from '../../../lib/errors.ts'
import { forgetHostKeys, openHostKeys } from './host-keys.ts'

const key = (letter: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`
const published = (letter: string) =>
  `boot\n-----BEGIN SSH HOST KEY KEYS-----\n${key(letter)}\n-----END SSH HOST KEY KEYS-----\n`
const startedAt = '2026-03-01T10:00:00.000Z'
const startedMs = Date.parse(startedAt)
const instance = { id: 'i-1', startedAt }

/** A console that shows `text` from `showsAtMs` on, read by a clock that only moves while somebody waits. */
function world(folder: string, { nowMs = startedMs, showsAtMs = 0, text = published('a') } = {}) {
  const seen = { nowMs, reads: [] as number[] }
  const keys = openHostKeys({
    folder,
    console: async () => {
      seen.reads.push(seen.nowMs - startedMs)
      return seen.nowMs >= showsAtMs ? text : ''
    },
    now: () => seen.nowMs,
    pause: async (ms) => {
      seen.nowMs += ms
    },
  })
  return { keys, seen }
}

t.test('a console that lags is read until it shows the key, which is then remembered', async (t) => {
  const folder = join(t.testdir(), 'known-hosts')
  const { keys, seen } = world(folder, { showsAtMs: startedMs + 45_000 })
  const told: string[] = []
  const file = await keys.fileOf(instance, { waitSeconds: 300, onWait: (message) => told.push(message) })
  t.equal(readFileSync(file, 'utf8'), `i-1 ${key('a')}\n`)
  t.strictSame(seen.reads, [0, 10_000, 20_000, 30_000, 40_000, 50_000])
  t.strictSame(told, ['waiting for i-1 to print its SSH host key on its serial console'])
  const later = world(folder, { text: published('b') })
  t.equal(await later.keys.fileOf(instance, { waitSeconds: 0 }), file)
  t.equal(readFileSync(file, 'utf8'), `i-1 ${key('a')}\n`, 'the key of an instance never changes')
  t.strictSame(later.seen.reads, [])
  t.strictSame(readdirSync(folder), ['i-1'])
  await forgetHostKeys(folder)
  await later.keys.fileOf({ id: 'i-2', startedAt }, { waitSeconds: 0 })
  t.strictSame(readdirSync(folder), ['i-2'])
})

t.test('the wait has an end', async (t) => {
  const { keys, seen } = world(t.testdir(), { showsAtMs: Number.POSITIVE_INFINITY })
  await t.rejects(keys.fileOf(instance, { waitSeconds: 25 }), {
    kind: 'failed',
    message: 'i-1 has not printed its SSH host key on its serial console yet',
    hint: /npm run logs -- --platform aws --instance i-1/,
  })
  t.strictSame(seen.reads, [0, 10_000, 20_000])
  t.equal(seen.nowMs - startedMs, 25_000)
})

t.test('a look without patience, again and again, reads no more often than EC2 allows', async (t) => {
  const { keys, seen } = world(t.testdir(), { showsAtMs: startedMs + 15_000 })
  let file: string | undefined
  for (let looks = 0; looks < 40 && file === undefined; looks++) {
    file = await keys.fileOf(instance, { waitSeconds: 0 }).catch(() => undefined)
    seen.nowMs += 1000
  }
  t.ok(file)
  t.strictSame(seen.reads, [0, 10_000, 20_000])
})

t.test('of an old instance nothing more is expected', async (t) => {
  const nowMs = startedMs + 86_400_000
  const { keys, seen } = world(t.testdir(), { nowMs, text: 'the last 64 KiB of a long life' })
  await t.rejects(keys.fileOf(instance, { waitSeconds: 300 }), {
    kind: 'failed',
    message: 'the serial console of i-1 does not show its SSH host key',
    hint: /^aws ec2 reboot-instances --instance-ids i-1 /,
  })
  t.strictSame(seen.reads.length, 1)
  const found = world(t.testdir(), { nowMs })
  await t.resolves(found.keys.fileOf(instance, { waitSeconds: 0 }))
})

t.test('a wait can be stopped, and a console that cannot be read says why', async (t) => {
  const stop = new AbortController()
  const real = openHostKeys({ folder: t.testdir(), console: async () => '' })
  const now = new Date().toISOString()
  const waiting = real.fileOf({ id: 'i-1', startedAt: now }, { waitSeconds: 300, signal: stop.signal })
  setTimeout(() => stop.abort(), 20)
  await t.rejects(waiting, { kind: 'interrupted', message: 'the wait for an SSH host key was stopped' })
  const failure = new OperatorError('failed', 'GetConsoleOutput: UnauthorizedOperation')
  const broken = openHostKeys({ folder: t.testdir(), console: () => Promise.reject(failure) })
  await t.rejects(broken.fileOf(instance, { waitSeconds: 300 }), failure)
})

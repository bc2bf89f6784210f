import t from 'tap'
import { defaultSettings } from '../../../../checker/options/settings.ts'
import { OperatorError } from '../../../lib/errors.ts'
import type { Instance } from '../../../lib/platform.ts'
import type { ProbeResult } from '../../../lib/readiness.ts'
import type { AccessMode, InstanceAccess } from './access.ts'
import { openInstanceProbe } from './instance-probe.ts'
import { openTunnels } from './tunnels.ts'

const instance: Instance = {
  id: 'i-1',
  imageId: 'ami-1',
  release: '1.4.0',
  state: 'running',
  health: 'healthy',
  url: 'http://10.0.0.1',
  startedAt: '2026-03-01T10:00:00.000Z',
  ssh: { host: '10.0.0.1', port: 22, user: 'admin' },
}

function probeIn(mode: AccessMode, { refusal }: { refusal?: OperatorError } = {}) {
  const answers: ProbeResult[] = []
  const measured: string[] = []
  const open = new Set<string>()
  const failures: Error[] = []
  const clock = { nowMs: 0 }
  const access: InstanceAccess = {
    mode,
    assertReady: async () => {
      if (refusal) throw refusal
    },
    sshArguments: async () => [],
    consoleOutput: async () => '',
    forget: async () => undefined,
  }
  const tunnels = openTunnels(async ({ id }: Instance) => {
    const failure = failures.shift()
    if (failure) throw failure
    open.add(id)
    return { url: `http://tunnel/${id}`, isOpen: () => open.has(id), close: async () => void open.delete(id) }
  })
  const measure = async (url: string, release: string) => {
    measured.push(`${url} ${release}`)
    return answers.shift() ?? { ok: true, versionOk: true }
  }
  const probe = openInstanceProbe(access, defaultSettings, { tunnels, measure, now: () => clock.nowMs })
  return { ...probe, answers, measured, open, failures, clock }
}

t.test('directly', async (t) => {
  const { probe, measured, urlFor } = probeIn('direct')
  t.strictSame(await probe(instance, '1.4.0'), { ok: true, versionOk: true })
  await probe({ ...instance, health: 'initial' }, '1.5.0')
  t.strictSame(measured, ['http://10.0.0.1 1.4.0', 'http://10.0.0.1 1.5.0'])
  t.equal(await urlFor(instance), 'http://10.0.0.1')
})

t.test('not at all: the load balancer is the only witness', async (t) => {
  const refusal = new OperatorError('usage', 'not reached')
  const { probe, measured, urlFor } = probeIn('none', { refusal })
  t.strictSame(await probe(instance, '1.4.0'), { ok: true })
  t.strictSame(await probe({ ...instance, health: 'unhealthy' }, '1.4.0'), {
    ok: false,
    reason: 'the load balancer says unhealthy',
  })
  t.strictSame(measured, [])
  await t.rejects(urlFor(instance), refusal)
})

t.test('through the endpoint, two right answers count for a minute and need no tunnel', async (t) => {
  const { probe, measured, open, clock } = probeIn('endpoint')
  const once = 'http://tunnel/i-1 1.4.0'
  t.strictSame(await probe(instance, '1.4.0'), { ok: true, versionOk: true })
  t.strictSame(measured, [once, once])
  t.equal(open.size, 0)
  clock.nowMs = 59_999
  t.strictSame(await probe(instance, '1.4.0'), { ok: true, versionOk: true })
  t.equal(measured.length, 2)
  clock.nowMs = 60_000
  await probe(instance, '1.4.0')
  t.equal(measured.length, 4)
  await probe(instance, '1.5.0')
  t.equal(measured.length, 6, 'of another release nothing is known')
})

t.test('the trust ends when the load balancer thinks otherwise', async (t) => {
  const { probe, measured, answers } = probeIn('endpoint')
  await probe(instance, '1.4.0')
  answers.push({ ok: false, reason: 'GET /now: 502' })
  t.strictSame(await probe({ ...instance, health: 'unhealthy' }, '1.4.0'), { ok: false, reason: 'GET /now: 502' })
  t.equal(measured.length, 3)
  answers.push({ ok: false, reason: 'GET /now: 502' })
  t.match(await probe(instance, '1.4.0'), { ok: false }, 'and does not come back by itself')
})

t.test('a wrong answer keeps the tunnel for the next look', async (t) => {
  const { probe, measured, answers, open } = probeIn('endpoint')
  answers.push({ ok: false, reason: 'GET /now: 502' }, { ok: true }, { ok: false, reason: 'slow' })
  t.match(await probe(instance, '1.4.0'), { ok: false, reason: 'GET /now: 502' })
  t.equal(open.size, 1)
  t.match(await probe(instance, '1.4.0'), { ok: false, reason: 'slow' }, 'the second answer counts, too')
  t.equal(measured.length, 3)
})

t.test(
  'an instance that cannot be reached is an answer; one that nobody has looked at is not reached for',
  async (t) => {
    const { probe, failures } = probeIn('endpoint')
    failures.push(new OperatorError('failed', 'no tunnel over SSH: Permission denied'))
    const initial = { ...instance, health: 'initial' as const }
    t.strictSame(await probe(initial, '1.4.0'), { ok: false, reason: 'the load balancer says initial' })
    t.strictSame(await probe(instance, '1.4.0'), { ok: false, reason: 'no tunnel over SSH: Permission denied' })
    failures.push(new TypeError('a defect of ours'))
    await t.rejects(probe(instance, '1.4.0'), { message: 'a defect of ours' })
    const stopped = new OperatorError('interrupted', 'stopped')
    failures.push(stopped)
    await t.rejects(probe(instance, '1.4.0'), stopped)
  },
)

t.test('what this computer lacks is no fault of the instance', async (t) => {
  const refusal = new OperatorError('usage', 'the AWS CLI is not installed')
  await t.rejects(probeIn('endpoint', { refusal }).probe(instance, '1.4.0'), refusal)
})

t.test('a url for other measurements holds until the end', async (t) => {
  const { urlFor, open, close } = probeIn('endpoint')
  t.equal(await urlFor(instance), 'http://tunnel/i-1')
  t.ok(open.has('i-1'))
  await close()
  t.equal(open.size, 0)
})

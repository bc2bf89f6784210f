import t from 'tap'
import type { Instance } from './platform.ts'
import {
  isServing,
  type Look,
  median,
  noReadiness,
  type ProbeResult,
  type Readiness,
  updateReadiness,
  whyAwaited,
} from './readiness.ts'

const right: Instance = {
  id: 'm1',
  imageId: 'i1',
  release: '1.4.0',
  state: 'running',
  health: 'healthy',
  url: '',
  startedAt: '2026-01-01T00:00:00Z',
  ssh: { host: '', port: 22, user: '' },
}

type OneLook = [Partial<Instance>, ProbeResult?, Partial<Look>?]

/** What is known after a series of looks, one second apart, with two right probes needed. */
function after(...looks: OneLook[]): Readiness | undefined {
  return looks.reduce<Readiness | undefined>(
    (seen, [change, probe, look], second) =>
      updateReadiness(seen, { ...right, ...change }, probe, { nowMs: second * 1000, probesNeeded: 2, ...look }),
    undefined,
  )
}

const ok = { ok: true }
const wrong = { ok: false, reason: '502' }
const ready: OneLook[] = [
  [{}, ok],
  [{}, ok],
]

t.test('ready means running, healthy, and right twice in a row', (t) => {
  t.match(after(...ready), { ready: true, everReady: true, unreadySinceMs: undefined, reason: undefined })
  t.match(after([{}, ok]), { ready: false, reason: '1 of 2 probes right so far', unreadySinceMs: 0 })
  t.match(after([{}, ok], [{ health: 'initial' }, ok]), { ready: false, reason: 'the load balancer says initial' })
  t.match(after([{}, ok], [{}, wrong], [{}, ok]), { ready: false, rightProbes: 1, unreadySinceMs: 0 })
  t.match(after([{ state: 'pending' }]), { ready: false, reason: 'its machine is booting' })
  t.end()
})

t.test('everything that is known of one that was ready at its second look', (t) => {
  t.strictSame(after(...ready), {
    ...noReadiness,
    ready: true,
    everReady: true,
    readySinceMs: 1000,
    rightProbes: 2,
    probedAtMs: 1000,
    seenAlive: true,
    everServed: true,
  })
  t.strictSame(after([{ state: 'stopped', health: 'unused' }]), {
    ...noReadiness,
    unreadySinceMs: 0,
    reason: 'its machine is gone',
  })
  t.end()
})

t.test('why one is not ready', (t) => {
  const table: [string, Partial<Readiness>, ...OneLook[]][] = [
    ['gone', { reason: 'its machine is gone' }, [{ state: 'stopped' }, ok]],
    ['never probed', { reason: 'not probed' }, [{ health: 'initial' }]],
    ['the probe tells', { reason: '502' }, [{ health: 'unhealthy' }, wrong]],
    ['the probe tells nothing', { reason: 'our probe fails' }, [{}, { ok: false }]],
    ['not probed again, failed before', { reason: '502' }, [{}, wrong], [{}]],
    ['not probed again, and sick', { reason: 'the load balancer says unhealthy' }, ...ready, [{ health: 'unhealthy' }]],
    ['not probed again, right before', { reason: '1 of 2 probes right so far' }, [{}, ok], [{}]],
    ['one more is needed', { reason: '2 of 3 probes right so far' }, [{}, ok], [{}, ok, { probesNeeded: 3 }]],
    [
      'slow',
      { reason: 'answers in 301 ms; the limit, set by the instances that serve, is 250 ms' },
      [{}, ok],
      [{}, { ok: true, latencyMs: 300.6 }, { latencyLimitMs: 250.4 }],
    ],
    ['rebooted', { reason: '1 of 2 probes right so far', rightProbes: 1 }, ...ready, [{ state: 'pending' }], [{}, ok]],
  ]
  for (const [name, expected, ...looks] of table) t.match(after(...looks), { ready: false, ...expected }, name)
  t.end()
})

t.test('readiness outlasts looks without a probe', (t) => {
  t.match(after(...ready, [{}], [{}]), { ready: true, readySinceMs: 1000, probedAtMs: 1000, rightProbes: 2 })
  t.equal(after([{}])?.probedAtMs, undefined)
  t.end()
})

t.test('slow is slower than the limit, by the median of the last five', (t) => {
  const answering = (...latencies: (number | undefined)[]) =>
    after(...latencies.map((latencyMs): OneLook => [{}, { ok: true, latencyMs }, { latencyLimitMs: 100 }]))
  t.match(answering(100, 100), { ready: true })
  t.match(answering(100, 101), { ready: false })
  t.match(answering(undefined, undefined), { ready: true, latenciesMs: [] })
  t.match(answering(999, 999, 1, 1, 1), { ready: true })
  t.strictSame(answering(1, 2, undefined, 3, 4, 5, 6)?.latenciesMs, [2, 3, 4, 5, 6])
  t.match(after([{}, { ok: true, latencyMs: 9999 }], [{}, ok]), { ready: true }, 'without a limit none is slow')
  t.end()
})

t.test('what is lost is timed anew, and remembered', (t) => {
  const seen = after(...ready, [{}, wrong], [{ state: 'stopped' }])
  t.match(seen, {
    ready: false,
    everReady: true,
    everServed: true,
    seenAlive: true,
    lostAtMs: [2000],
    unreadySinceMs: 2000,
    readySinceMs: undefined,
    reason: 'its machine is gone',
  })
  t.match(after([{ state: 'stopped' }]), { seenAlive: false, everReady: false, everServed: false })
  t.match(after([{ health: 'initial' }, ok]), { everServed: false, seenAlive: true })
  t.match(after([{ state: 'pending' }]), { everServed: false, seenAlive: true })
  t.match(after(...ready, [{}, wrong], ...ready), { ready: true, readySinceMs: 4000, unreadySinceMs: undefined })
  t.end()
})

t.test('the last five losses are remembered', (t) => {
  const loss: OneLook[] = [
    [{}, wrong],
    [{}, wrong],
    [{}, ok, { probesNeeded: 1 }],
  ]
  const losses = (times: number) => after(...ready, ...Array.from({ length: times }, () => loss).flat())?.lostAtMs
  t.same(losses(0), [])
  t.same(losses(5), [2000, 5000, 8000, 11_000, 14_000])
  t.same(losses(6), [5000, 8000, 11_000, 14_000, 17_000])
  t.end()
})

t.test('the wrong release, until a probe says otherwise', (t) => {
  const old = { ok: false, versionOk: false }
  t.match(after([{}, old]), { wrongRelease: true })
  t.match(after([{}, old], [{}]), { wrongRelease: true })
  t.match(after([{}, old], [{}, { ok: false }]), { wrongRelease: false })
  t.match(after([{}, { ok: false, versionOk: true }]), { wrongRelease: false })
  t.match(after([{}]), { wrongRelease: false })
  t.end()
})

t.test('wrong answers, until a right one; silence tells nothing', (t) => {
  const wrongClock = { ok: false, versionOk: true, clockOk: false }
  const old = { ok: false, versionOk: false, clockOk: true }
  t.match(after([{}, wrongClock]), { answersWrong: true })
  t.match(after([{}, old], [{}]), { answersWrong: true })
  t.match(after([{}, old], [{}, { ok: false, upstreamOk: true }]), { answersWrong: true })
  t.match(after([{}, old], [{}, { ok: true, versionOk: true, clockOk: true }]), { answersWrong: false })
  t.match(after([{}, { ok: false, versionOk: true }]), { answersWrong: false })
  t.match(after([{}]), { answersWrong: false })
  t.end()
})

t.test('answers too slow to tell the clock take no readiness away, and give none', (t) => {
  const slow = { ok: false, undecided: true, versionOk: true, reason: 'the clock is not proven' }
  t.match(after(...ready, [{}, slow], [{}, slow]), { ready: true, lostAtMs: [], rightProbes: 2, readySinceMs: 1000 })
  t.match(after(...ready, [{ health: 'unhealthy' }, slow]), { ready: false, lostAtMs: [2000] })
  t.match(after(...ready, [{}, wrong], [{}, slow]), { ready: false, reason: slow.reason })
  t.match(after([{}, slow], [{}, slow]), { ready: false, rightProbes: 0, reason: slow.reason })
  t.match(after([{}, ok], [{}, slow], [{}, ok]), { ready: true })
  t.end()
})

t.test('what serves runs and is healthy', (t) => {
  t.equal(isServing(right), true)
  t.equal(isServing({ ...right, state: 'pending' }), false)
  t.equal(isServing({ ...right, health: 'draining' }), false)
  t.end()
})

t.test('the middle one', (t) => {
  t.same([median([]), median([7]), median([100, 20, 3]), median([4, 1, 3, 2])], [undefined, 7, 20, 3])
  t.end()
})

t.test('what one waits for', (t) => {
  t.equal(whyAwaited(undefined), 'not seen yet')
  t.equal(whyAwaited(after([{}, wrong])), '502')
  t.end()
})

import t from 'tap'
import type { Instance } from '../platforms/platform.ts'
import { type Evidence, type ProbeResult, weigh } from './evidence.ts'

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

/** What is known after a series of looks, one second apart, with two right probes needed. */
function after(...looks: [Partial<Instance>, ProbeResult?][]): Evidence | undefined {
  return looks.reduce<Evidence | undefined>(
    (seen, [change, probe], second) =>
      weigh(seen, { ...right, ...change }, probe, { nowMs: second * 1000, probesNeeded: 2 }),
    undefined,
  )
}

const ok = { ok: true }

t.test('proven means running, healthy, and right twice in a row', (t) => {
  t.match(after([{}, ok], [{}, ok]), { proven: true, everProven: true, unprovenSinceMs: undefined })
  t.match(after([{}, ok]), { proven: false, reason: '1 of 2 probes right so far', unprovenSinceMs: 0 })
  t.match(after([{}, ok], [{ health: 'initial' }, ok]), { proven: false, reason: 'the load balancer says initial' })
  t.match(after([{}, ok], [{}, { ok: false, reason: '502' }], [{}, ok]), {
    proven: false,
    rightProbes: 1,
    unprovenSinceMs: 0,
  })
  t.match(after([{ state: 'pending' }]), { proven: false, reason: 'its machine is booting' })
  t.end()
})

t.test('what is lost is timed anew, and remembered', (t) => {
  const seen = after([{}, ok], [{}, ok], [{}, { ok: false, reason: '502' }], [{ state: 'stopped' }])
  t.match(seen, {
    proven: false,
    everProven: true,
    seenAlive: true,
    unprovenSinceMs: 2000,
    reason: 'its machine is gone',
  })
  t.match(after([{ state: 'stopped' }]), { seenAlive: false, everProven: false })
  t.match(after([{}, { ok: false, versionOk: false }]), { wrongRelease: true })
  t.end()
})

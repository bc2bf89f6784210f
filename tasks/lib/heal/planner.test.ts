import t from 'tap'
import { nextRepair, type Repair, type Symptoms } from './planner.ts'

const well: Symptoms = {
  machine: 'running',
  health: 'healthy',
  probe: { ok: true },
  ssh: 'reachable',
  nginx: 'active',
  docker: 'active',
  container: 'running',
  time: 'active',
}
const bad502 = { ok: false, reason: 'GET /now: 502', upstreamOk: false }
const refused = { ok: false, reason: 'connection refused' }
const slow = { ok: false, reason: 'clock not proven', undecided: true, versionOk: true }
const clock = { ok: false, reason: 'clock 4 s off', clockOk: false }

t.test('the smallest repair that can work, then the next', (t) => {
  const table: [string, Partial<Symptoms>, Repair[], string | Repair[]][] = [
    ['nothing wrong', {}, [], 'none'],
    ['nothing wrong, though not inspected', { ssh: 'not-tried' }, [], 'none'],
    [
      'nginx down',
      { probe: refused, nginx: 'inactive' },
      ['nginx', 'container', 'docker', 'reboot', 'replace'],
      'give up',
    ],
    ['container down', { probe: bad502, container: 'exited' }, ['container', 'docker', 'reboot', 'replace'], 'give up'],
    ['container paused', { probe: bad502, container: 'paused' }, ['container'], ['docker']],
    [
      'docker down, so the container too',
      { probe: bad502, docker: 'failed', container: 'missing' },
      ['docker'],
      ['reboot'],
    ],
    [
      'nginx and container down',
      { probe: refused, nginx: 'failed', container: 'exited' },
      ['nginx', 'container'],
      ['docker'],
    ],
    ['all parts up, upstream fails', { probe: bad502 }, ['container', 'docker', 'reboot', 'replace'], 'give up'],
    [
      'all parts up, nothing answers',
      { probe: refused },
      ['nginx', 'container', 'docker', 'reboot', 'replace'],
      'give up',
    ],
    ['clock wrong', { probe: clock }, ['time', 'reboot', 'replace'], 'give up'],
    ['too slow to tell the clock', { probe: slow }, [], 'none'],
    ['too slow to tell the clock, time service down', { probe: slow, time: 'inactive' }, ['time'], 'give up'],
    ['time service down, clock right', { time: 'inactive' }, [], 'none'],
    ['wrong release', { probe: { ok: false, versionOk: false } }, ['replace'], 'give up'],
    ['machine gone', { machine: 'stopped', probe: refused }, ['replace'], 'give up'],
    ['unreachable', { probe: refused, ssh: 'unreachable' }, ['replace'], 'give up'],
    ['unreachable, but right from outside', { ssh: 'unreachable' }, [], 'none'],
    ['the load balancer disagrees', { health: 'unhealthy' }, ['nginx'], ['container']],
  ]
  for (const [name, change, expected, then] of table) {
    const tried: Repair[] = []
    const next = () => nextRepair({ ...well, ...change }, tried)
    for (const repair of expected) {
      t.match(next(), { do: 'repair', repair }, name)
      tried.push(repair)
    }
    t.match(next(), typeof then === 'string' ? { do: then } : { do: 'repair', repair: then[0] }, name)
  }
  t.end()
})

t.test('nothing larger than allowed', (t) => {
  const hung = { ...well, probe: bad502 }
  t.same(nextRepair(hung, ['container', 'docker'], 'docker'), {
    do: 'give up',
    reason: 'GET /now: 502; it needs reboot, allowed is docker',
  })
  t.match(nextRepair({ ...well, machine: 'stopped' }, [], 'reboot'), { do: 'give up' })
  t.end()
})

t.test('the reason names what is seen', (t) => {
  const symptoms: Symptoms = { ...well, probe: refused, nginx: 'failed', time: 'inactive' }
  t.match(nextRepair(symptoms, []), { reason: 'connection refused; nginx failed, time service inactive' })
  t.end()
})

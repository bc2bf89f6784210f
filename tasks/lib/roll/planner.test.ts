import t from 'tap'
import type { Group, Instance, RollRecord } from '../../platforms/platform.ts'
import { type Evidence, noEvidence } from '../evidence.ts'
import { emptyMemory, nextSteps, type RollSnapshot } from './planner.ts'
import { plainPolicy, type RollPolicy } from './policy.ts'

const nowMs = Date.UTC(2026, 0, 1, 12)
const policy: RollPolicy = plainPolicy
const record: RollRecord = {
  imageId: 'new',
  previousImageId: 'old',
  startedAt: new Date(nowMs - 60_000).toISOString(),
  force: false,
  rollingBack: false,
}
const back: RollRecord = { ...record, rollingBack: true, reason: 'm3 died' }

type Sketch = Partial<Instance> & { readonly seen?: Partial<Evidence>; readonly ageSeconds?: number }

/** On the old image and serving. */
const old = (sketch: Sketch = {}): Sketch => ({ imageId: 'old', ageSeconds: 3600, health: 'healthy', ...sketch })
/** On the new image and proven. */
const fresh = (sketch: Sketch = {}): Sketch => ({ imageId: 'new', ageSeconds: 30, seen: { proven: true }, ...sketch })
const booting = (sketch: Sketch = {}): Sketch => fresh({ state: 'pending', health: 'initial', seen: {}, ...sketch })

function snapshot(fleet: Record<string, Sketch>, change: Partial<RollSnapshot> & { size?: number } = {}): RollSnapshot {
  const { size = 2, ...rest } = change
  const instances = Object.entries(fleet).map(([id, { seen: _seen, ageSeconds = 0, ...instance }]): Instance => {
    const startedAt = new Date(nowMs - ageSeconds * 1000).toISOString()
    const ssh = { host: id, port: 22, user: 'admin' }
    return {
      id,
      imageId: 'new',
      release: '1',
      state: 'running',
      health: 'healthy',
      url: '',
      startedAt,
      ssh,
      ...instance,
    }
  })
  const evidence = Object.entries(fleet).map(([id, { seen }]): [string, Evidence] => [
    id,
    { ...noEvidence, seenAlive: true, reason: 'slow', ...seen },
  ])
  const imageId = (rest.record ?? record).rollingBack ? 'old' : 'new'
  const group: Group = { name: 'g', imageId, size, url: '', loadBalancer: 'running', instances }
  return { group, record, evidence: new Map(evidence), nowMs, ...emptyMemory(nowMs - 60_000), ...rest }
}

/** The steps in short: `launch 1`, `drain a`. */
function short(shot: RollSnapshot, change: Partial<RollPolicy> = {}): string[] {
  return nextSteps(shot, { ...policy, ...change }).map((step) => {
    if (step.do === 'launch') return `launch ${step.count}`
    return 'instanceId' in step ? `${step.do} ${step.instanceId}` : step.do
  })
}

const late = { unprovenSinceMs: nowMs - 601_000 }

t.test('the way there', (t) => {
  const table: [string, RollSnapshot, string[], Partial<RollPolicy>?][] = [
    ['launches before it ends anything', snapshot({ a: old(), b: old() }), ['launch 1']],
    ['as many as the batch', snapshot({ a: old(), b: old() }), ['launch 2'], { surge: 2 }],
    ['never more than the size', snapshot({ a: old(), b: old() }), ['launch 2'], { surge: 9 }],
    ['waits for proof', snapshot({ a: old(), b: old(), c: booting() }), ['wait']],
    ['one proven, one drained', snapshot({ a: old(), b: old(), c: fresh() }), ['drain a']],
    [
      'two proven, two drained',
      snapshot({ a: old(), b: old(), c: fresh(), d: fresh() }),
      ['drain a', 'drain b'],
      { surge: 2 },
    ],
    ['waits while it drains', snapshot({ a: old({ health: 'draining' }), b: old(), c: fresh() }), ['wait']],
    [
      'ends the drained, and launches in its room',
      snapshot({ a: old({ health: 'unused' }), b: old(), c: fresh() }),
      ['terminate a', 'launch 1'],
    ],
    ['slides on', snapshot({ b: old(), c: fresh() }), ['launch 1']],
    ['finishes', snapshot({ c: fresh(), d: fresh() }), ['finish']],
    ['the unhealthy go first', snapshot({ a: old(), b: old({ health: 'unhealthy' }), c: fresh() }), ['drain b']],
    ['a gone machine is only ended', snapshot({ a: old(), b: old({ state: 'stopped' }) }), ['terminate b', 'launch 2']],
    [
      'no serving one is drained while others are short',
      snapshot({ a: old({ health: 'draining' }), b: old(), c: fresh(), d: booting() }, { size: 3 }),
      ['wait'],
    ],
    [
      'a drained one stays while its replacement is no longer proven',
      snapshot({ a: old({ health: 'unused' }), b: old(), c: fresh({ seen: {} }) }),
      ['wait'],
    ],
    [
      'a group all broken is rolled too',
      snapshot({ a: old({ health: 'unhealthy' }), b: old({ health: 'unhealthy' }) }),
      ['launch 1'],
    ],
    ['somebody scaled up', snapshot({ c: fresh(), d: fresh() }, { size: 4 }), ['launch 2']],
    [
      'somebody scaled down',
      snapshot({ b: old(), c: fresh({ ageSeconds: 50 }), d: fresh() }, { size: 1 }),
      ['drain b', 'drain d'],
    ],
    [
      'of too many, the unproven goes first',
      snapshot({ c: fresh({ ageSeconds: 10 }), d: fresh({ ageSeconds: 50, seen: {} }) }, { size: 1 }),
      ['drain d'],
    ],
    ['a drained new one is no capacity', snapshot({ c: fresh(), d: fresh({ health: 'draining' }) }), ['launch 1']],
    ['canary', snapshot({ a: old(), b: old() }, { size: 2 }), ['launch 1'], { surge: 2, canary: 1 }],
    ['canary not proven', snapshot({ a: old(), b: old(), c: booting() }), ['wait'], { surge: 2, canary: 1 }],
    ['canary proven', snapshot({ a: old(), b: old(), c: fresh() }), ['drain a', 'launch 1'], { surge: 2, canary: 1 }],
    [
      'force',
      snapshot({ a: fresh({ ageSeconds: 900 }), b: fresh() }, { record: { ...record, force: true } }),
      ['launch 1'],
    ],
    ['without force', snapshot({ a: fresh({ ageSeconds: 900 }), b: fresh() }), ['finish']],
  ]
  for (const [name, shot, expected, change] of table) t.same(short(shot, change).sort(), expected.sort(), name)
  t.end()
})

t.test('a stopped load balancer tells nothing about health, so it comes first', (t) => {
  const shot = snapshot({ a: old({ health: 'unused' }), b: old({ health: 'unused' }), c: fresh({ health: 'unused' }) })
  t.same(short({ ...shot, group: { ...shot.group, loadBalancer: 'stopped' } }), ['repair load balancer'])
  t.end()
})

t.test('turning round', (t) => {
  const lf = (seconds: number) => ({ refusals: { launch: { sinceMs: nowMs - seconds * 1000, reason: 'no capacity' } } })
  const fleet = (seen: Partial<Evidence>, rest: Sketch = {}) => ({ a: old(), b: old(), c: fresh({ seen, ...rest }) })
  const table: [string, RollSnapshot, string | undefined][] = [
    ['late', snapshot(fleet(late)), 'c not healthy after 601 s: slow'],
    ['exactly on time', snapshot(fleet({ unprovenSinceMs: nowMs - 600_000 })), undefined],
    ['wrong release', snapshot(fleet({ wrongRelease: true })), 'c serves the wrong release: slow'],
    ['dies unproven', snapshot(fleet({}, { state: 'stopped' })), 'c died before it was healthy'],
    ['dies after proof', snapshot(fleet({ everProven: true }, { state: 'stopped' })), undefined],
    ['found dead', snapshot(fleet({ seenAlive: false }, { state: 'stopped' })), undefined],
    ['old one dies', snapshot({ a: old({ state: 'stopped' }), b: old(), c: fresh() }), undefined],
    ['no room for a while', snapshot(fleet({}), lf(600)), undefined],
    [
      'no room, and nothing new there',
      snapshot({ a: old(), b: old() }, lf(601)),
      'no instance could be launched for 600 s: no capacity',
    ],
    ['no room, half-way', snapshot(fleet({}), lf(601)), undefined],
    ['out of time', snapshot(fleet({}), { phaseStartedMs: nowMs - 3_601_000 }), 'not finished after 3601 s'],
  ]
  for (const [name, shot, reason] of table) {
    const turn = nextSteps(shot, policy).find((step) => step.do === 'turn round')
    t.equal(turn?.because, reason, name)
  }
  t.end()
})

t.test('the way back', (t) => {
  const young = old({ ageSeconds: 10 })
  const table: [string, RollSnapshot, string[]][] = [
    [
      'the new goes when the old are enough',
      snapshot({ a: old(), b: old(), c: booting() }, { record: back }),
      ['drain c'],
    ],
    ['old capacity first', snapshot({ b: old(), c: fresh() }, { record: back }), ['launch 1']],
    ['waits for its proof', snapshot({ b: old(), c: fresh(), d: young }, { record: back }), ['wait']],
    [
      'then the new goes',
      snapshot({ b: old(), c: fresh(), d: { ...young, seen: { proven: true } } }, { record: back }),
      ['drain c'],
    ],
    ['finishes on the old', snapshot({ a: old(), b: old() }, { record: back }), ['finish']],
    [
      'a drained old one is replaced',
      snapshot({ a: old({ health: 'unused' }), b: old() }, { record: back }),
      ['launch 1'],
    ],
    ['canary does not slow it', snapshot({ c: fresh() }, { record: back, size: 3 }), ['launch 3']],
    [
      'what fails on the way back is replaced once',
      snapshot({ b: old(), d: { ...young, seen: late } }, { record: back }),
      ['replace d'],
    ],
    [
      'gives up when the old fail again',
      snapshot({ b: old(), d: { ...young, seen: late } }, { record: { ...back, setbacks: 1 } }),
      ['give up'],
    ],
  ]
  for (const [name, shot, expected] of table) t.same(short(shot, { canary: 1 }), expected, name)
  t.end()
})

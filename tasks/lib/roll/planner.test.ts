import t from 'tap'
import { back, booting, fresh, inShort, nowMs, old, reasons, record, type Sketch, snapshot } from './fleet-fixture.ts'
import { nextSteps } from './planner.ts'
import { plainPolicy, type RollPolicy } from './policy.ts'
import type { RollSnapshot } from './snapshot.ts'

type Row = [string, RollSnapshot, string[], Partial<RollPolicy>?]

const refused = { sinceMs: nowMs - 1000, reason: 'no capacity' }
const late = { unreadySinceMs: nowMs - 601_000 }

function holds(name: string, table: Row[]): void {
  t.test(name, (t) => {
    for (const [about, shot, expected, change] of table) t.same(inShort(shot, change).sort(), expected.sort(), about)
    t.end()
  })
}

holds('the way there', [
  ['launches before it ends anything', snapshot({ a: old(), b: old() }), ['launch 1']],
  ['as many as the batch', snapshot({ a: old(), b: old() }), ['launch 2'], { surge: 2 }],
  ['never more than the size', snapshot({ a: old(), b: old() }), ['launch 2'], { surge: 9 }],
  ['waits until ready', snapshot({ a: old(), b: old(), c: booting() }), ['wait']],
  ['one ready, one drained', snapshot({ a: old(), b: old(), c: fresh() }), ['drain a']],
  [
    'two ready, two drained',
    snapshot({ a: old(), b: old(), c: fresh(), d: fresh() }),
    ['drain a', 'drain b'],
    { surge: 2 },
  ],
  [
    'two ready of three, two drained',
    snapshot({ a: old(), b: old(), e: old(), c: fresh(), d: fresh() }, { size: 3 }),
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
  ['a group of none finishes at once', snapshot({}, { size: 0 }), ['finish']],
  [
    'the last one drains before the end',
    snapshot({ a: old({ health: 'draining' }), c: fresh(), d: fresh() }),
    ['wait'],
  ],
  ['no end while one is not ready', snapshot({ c: fresh(), d: booting() }), ['wait']],
  ['the unhealthy go first', snapshot({ a: old(), b: old({ health: 'unhealthy' }), c: fresh() }), ['drain b']],
  ['the named go first', snapshot({ a: old(), b: old(), c: fresh() }), ['drain b'], { first: ['b'] }],
  [
    'the unhealthy before the named',
    snapshot({ a: old({ health: 'unhealthy' }), b: old(), c: fresh() }),
    ['drain a'],
    { first: ['b'] },
  ],
  [
    'no serving one is drained while others are short',
    snapshot({ a: old({ health: 'draining' }), b: old(), c: fresh(), d: booting() }, { size: 3 }),
    ['wait'],
  ],
  [
    'a drained one stays while its replacement is no longer ready',
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
    'somebody scaled down, far',
    snapshot({ a: old(), b: old(), c: fresh(), d: booting() }, { size: 1 }),
    ['drain d', 'drain a', 'drain b'],
  ],
  [
    'of too many, the unready goes first',
    snapshot({ c: fresh({ ageSeconds: 10 }), d: fresh({ ageSeconds: 50, seen: {} }) }, { size: 1 }),
    ['drain d'],
  ],
  ['a drained new one is no capacity', snapshot({ c: fresh(), d: fresh({ health: 'draining' }) }), ['launch 1']],
  [
    'a canary whose hook is due',
    snapshot({ a: old(), b: old(), c: fresh() }, { accepted: new Set() }),
    ['accept c'],
    { surge: 2, canary: 1 },
  ],
  [
    'in place at a pause point nothing more is drained',
    snapshot({ a: old(), b: old(), c: fresh(), d: fresh() }, { size: 4 }),
    ['pause 2'],
    { surge: 0, maxUnavailable: 1, pauseAt: [2] },
  ],
  [
    'in place before it, only what may be replaced',
    snapshot({ a: old(), b: old(), c: old(), d: fresh() }, { size: 4 }),
    ['drain a'],
    { surge: 0, maxUnavailable: 3, pauseAt: [2] },
  ],
  [
    'a pause point that is behind already',
    snapshot({ a: old(), c: fresh(), d: fresh() }, { size: 3 }),
    ['launch 1'],
    { pauseAt: [1] },
  ],
  [
    'force',
    snapshot({ a: fresh({ ageSeconds: 900 }), b: fresh() }, { record: { ...record, force: true } }),
    ['launch 1'],
  ],
  ['without force', snapshot({ a: fresh({ ageSeconds: 900 }), b: fresh() }), ['finish']],
  [
    'a condemned one leaves, and is replaced',
    snapshot({ a: old(), b: old(), c: fresh({ seen: late }) }, { condemned: new Set(['c']) }),
    ['drain c'],
  ],
])

holds('the room', [
  [
    'a gone machine is only ended, and leaves no room that it did not take',
    snapshot({ s: old({ state: 'stopped' }), x: old(), y: old(), z: old(), c: fresh() }, { size: 4 }),
    ['terminate s', 'launch 1'],
  ],
  [
    'one that is ended leaves its room to the same turn',
    snapshot(
      { s: old({ state: 'stopped' }), a: old({ health: 'unused' }), x: old(), y: old(), c: fresh(), d: fresh() },
      { size: 4 },
    ),
    ['terminate s', 'terminate a', 'launch 1'],
  ],
  ['a gone one of two', snapshot({ a: old(), b: old({ state: 'stopped' }) }), ['terminate b', 'launch 2']],
  [
    'one that drains still takes its room',
    snapshot({ a: old({ health: 'draining' }), b: old(), c: old(), d: fresh() }, { size: 3 }),
    ['wait'],
  ],
])

const inPlace = { surge: 0, maxUnavailable: 1 }

holds('in place', [
  ['drains before it launches', snapshot({ a: old(), b: old() }), ['drain a'], inPlace],
  ['waits while it drains', snapshot({ a: old({ health: 'draining' }), b: old() }), ['wait'], inPlace],
  ['ends and launches', snapshot({ a: old({ health: 'unused' }), b: old() }), ['terminate a', 'launch 1'], inPlace],
  ['waits until ready', snapshot({ b: old(), c: booting() }), ['wait'], inPlace],
  ['slides on', snapshot({ b: old(), c: fresh() }), ['drain b'], inPlace],
  ['finishes', snapshot({ c: fresh(), d: fresh() }), ['finish'], inPlace],
  [
    'as many as may be missing',
    snapshot({ a: old(), b: old(), c: old(), d: old() }, { size: 4 }),
    ['drain a', 'drain b'],
    { surge: 0, maxUnavailable: 2 },
  ],
  [
    'the unhealthy are among the missing',
    snapshot({ a: old(), b: old({ health: 'unhealthy' }), c: old() }, { size: 3 }),
    ['drain b'],
    inPlace,
  ],
  ['all may be missing', snapshot({ a: old(), b: old() }), ['drain a', 'drain b'], { surge: 0, maxUnavailable: 9 }],
  ['not where a surge may do it', snapshot({ a: old(), b: old() }), ['launch 1'], { maxUnavailable: 1 }],
  [
    'but there too while launches are refused',
    snapshot({ a: old(), b: old() }, { refusals: { launch: refused } }),
    ['drain a', 'launch 1'],
    { maxUnavailable: 1 },
  ],
  ['never without leave', snapshot({ a: old(), b: old() }, { refusals: { launch: refused } }), ['launch 1']],
  [
    'nor because something else is refused',
    snapshot({ a: old(), b: old() }, { refusals: { other: refused } }),
    ['launch 2'],
    { surge: 2, maxUnavailable: 1 },
  ],
  [
    'what is refused is asked for one at a time',
    snapshot({ a: old(), b: old() }, { refusals: { launch: refused } }),
    ['launch 1'],
    { surge: 2 },
  ],
])

const watched = { canary: 1, canaryWatchSeconds: 60 }
const readyFor = (seconds: number) =>
  fresh({ seen: { ready: true, everReady: true, readySinceMs: nowMs - seconds * 1000 } })

holds('the checkpoints', [
  ['canary', snapshot({ a: old(), b: old() }), ['launch 1'], { surge: 2, canary: 1 }],
  ['canary not ready', snapshot({ a: old(), b: old(), c: booting() }), ['wait'], { surge: 2, canary: 1 }],
  ['canary ready', snapshot({ a: old(), b: old(), c: fresh() }), ['drain a', 'launch 1'], { surge: 2, canary: 1 }],
  [
    'what serves stays while the canary is watched',
    snapshot({ a: old(), b: old(), c: readyFor(59) }),
    ['wait'],
    watched,
  ],
  ['until then', snapshot({ a: old(), b: old(), c: readyFor(60) }), ['drain a'], watched],
  [
    'what does not serve leaves meanwhile',
    snapshot({ a: old(), b: old({ health: 'unhealthy' }), c: readyFor(59) }),
    ['drain b'],
    watched,
  ],
  [
    'and what is drained ends',
    snapshot({ a: old(), b: old({ health: 'unused' }), c: readyFor(59) }),
    ['terminate b'],
    watched,
  ],
  ['no end while the last one is watched', snapshot({ c: readyFor(59) }, { size: 3 }), ['wait'], watched],
  ['a pause point ends the run', snapshot({ b: old(), c: fresh() }), ['pause 1'], { pauseAt: [1] }],
  ['or holds it', snapshot({ b: old(), c: fresh() }), ['hold 1'], { pauseAt: [1], pauseSeconds: 10 }],
  [
    'for its time',
    snapshot({ b: old(), c: fresh() }, { heldSinceMs: nowMs - 9999 }),
    ['wait'],
    { pauseAt: [1], pauseSeconds: 10 },
  ],
  [
    'to the second',
    snapshot({ b: old(), c: fresh() }, { heldSinceMs: nowMs - 10_000 }),
    ['pass 1'],
    { pauseAt: [1], pauseSeconds: 10 },
  ],
  [
    'what is on its way first',
    snapshot({ a: old({ health: 'unused' }), b: old(), c: fresh() }),
    ['terminate a'],
    { pauseAt: [1] },
  ],
  ['then on', snapshot({ b: old(), c: fresh() }, { record: { ...record, passed: 1 } }), ['launch 1'], { pauseAt: [1] }],
])

const hooked = (...accepted: string[]) => ({ accepted: new Set(accepted) })

holds('the hook after acceptance', [
  ['is due for the ready', snapshot({ a: old(), b: old(), c: fresh() }, hooked()), ['accept c']],
  ['not for others', snapshot({ a: old(), b: old(), c: booting() }, hooked()), ['wait']],
  [
    'nor for one that was not seen yet',
    snapshot({ a: old(), b: old(), c: booting() }, { ...hooked(), readiness: new Map() }),
    ['wait'],
  ],
  ['once', snapshot({ a: old(), b: old(), c: fresh() }, hooked('c')), ['drain a']],
  ['the end waits for it', snapshot({ c: fresh(), d: fresh() }, hooked('c')), ['accept d']],
  ['and comes', snapshot({ c: fresh(), d: fresh() }, hooked('c', 'd')), ['finish']],
  [
    'readiness that was lost again counts for nothing',
    snapshot({ a: old(), b: old(), c: fresh({ seen: { everReady: true } }) }, hooked('c')),
    ['wait'],
  ],
  [
    'there is none during the rollback',
    snapshot(
      { b: old(), c: fresh(), d: old({ ageSeconds: 10, seen: { ready: true } }) },
      { ...hooked(), record: back },
    ),
    ['drain c'],
  ],
])

const young = old({ ageSeconds: 10 })

holds('the rollback', [
  [
    'the new goes when the old are enough',
    snapshot({ a: old(), b: old(), c: booting() }, { record: back }),
    ['drain c'],
  ],
  ['old capacity first', snapshot({ b: old(), c: fresh() }, { record: back }), ['launch 1']],
  ['waits until it is ready', snapshot({ b: old(), c: fresh(), d: young }, { record: back }), ['wait']],
  [
    'then the new goes',
    snapshot({ b: old(), c: fresh(), d: { ...young, seen: { ready: true } } }, { record: back }),
    ['drain c'],
  ],
  ['finishes on the old', snapshot({ a: old(), b: old() }, { record: back }), ['finish']],
  [
    'a drained old one is replaced',
    snapshot({ a: old({ health: 'unused' }), b: old() }, { record: back }),
    ['launch 1'],
  ],
  [
    'no checkpoint slows it',
    snapshot({ c: fresh() }, { record: back, size: 3 }),
    ['launch 3'],
    { canary: 1, pauseAt: [1] },
  ],
  [
    'what fails during the rollback is replaced once',
    snapshot({ b: old(), d: { ...young, seen: late } }, { record: back }),
    ['replace d'],
  ],
  [
    'gives up when the old fail again',
    snapshot({ b: old(), d: { ...young, seen: late } }, { record: { ...back, setbacks: 1 } }),
    ['give up'],
  ],
])

t.test('a stopped load balancer tells nothing about health, so it comes first', (t) => {
  const shot = snapshot({ a: old({ health: 'unused' }), b: old({ health: 'unused' }), c: fresh({ health: 'unused' }) })
  t.same(nextSteps({ ...shot, group: { ...shot.group, loadBalancer: 'stopped' } }, plainPolicy), [
    { do: 'repair load balancer', because: 'it is stopped' },
  ])
  t.end()
})

t.test('the image that somebody else sets is set back three times, then it is theirs', (t) => {
  const shot = snapshot({ a: old(), b: old() })
  const group = { ...shot.group, imageId: 'other' }
  const because = "somebody changed the group's image to other during the roll to new"
  for (const imageChanges of [0, 2]) {
    t.same(nextSteps({ ...shot, group, imageChanges }, plainPolicy), [{ do: 'set image', because }])
  }
  t.same(nextSteps({ ...shot, group, imageChanges: 3 }, plainPolicy), [{ do: 'stop', because }])
  t.match(nextSteps({ ...shot, record: back }, plainPolicy), [{ do: 'set image', because: /to new during .* to old$/ }])
  t.end()
})

t.test('setbacks go on being counted', (t) => {
  const fleet = { b: old(), c: fresh({ seen: late }), d: fresh({ seen: late }), e: fresh() }
  t.same(nextSteps(snapshot(fleet, { size: 40, record: { ...record, setbacks: 2 } }), plainPolicy), [
    { do: 'replace', instanceId: 'c', setbacks: 3, because: 'c not healthy after 601 s: slow' },
    { do: 'replace', instanceId: 'd', setbacks: 4, because: 'd not healthy after 601 s: slow' },
  ])
  t.match(nextSteps(snapshot(fleet, { size: 40 }), plainPolicy), [{ setbacks: 1 }, { setbacks: 2 }])
  t.end()
})

t.test('every step says why', (t) => {
  const notSeen = { readiness: new Map() }
  const none = { surge: 0 }
  const table: Row[] = [
    ['launch', snapshot({ a: old(), b: old() }), ['0 of 2 wanted']],
    ['launch a canary', snapshot({ a: old(), b: old() }), ['0 of 2 wanted, canary first'], { canary: 1 }],
    ['launch to a pause', snapshot({ a: old(), b: old() }), ['0 of 2 wanted, pause at 1'], { pauseAt: [1] }],
    ['drain', snapshot({ a: old(), b: old(), c: fresh() }), ['on old; 1 ready']],
    [
      'drain a sick one',
      snapshot({ a: old({ health: 'unhealthy' }), b: old(), c: fresh() }),
      ['on old and unhealthy; 1 ready'],
    ],
    ['drain one too many', snapshot({ c: fresh(), d: fresh() }, { size: 1 }), ['no longer needed; 1 ready']],
    ['drain during the rollback', snapshot({ a: old(), b: old(), c: fresh() }, { record: back }), ['on new; 2 ready']],
    ['terminate', snapshot({ a: old({ health: 'unused' }), c: fresh(), d: fresh() }), ['it no longer serves requests']],
    [
      'terminate a gone one',
      snapshot({ a: old({ state: 'stopped' }), c: fresh(), d: fresh() }),
      ['its machine is gone'],
    ],
    ['accept', snapshot({ a: old(), b: old(), c: fresh() }, hooked()), ['it is ready']],
    ['finish', snapshot({ c: fresh(), d: fresh() }), ['2 of 2 ready']],
    ['wait until ready', snapshot({ b: old(), c: fresh(), d: booting() }), ['d: slow']],
    ['wait for one never seen', snapshot({ a: old(), b: old(), c: booting() }, notSeen), ['c: not healthy yet']],
    [
      'wait for requests',
      snapshot({ a: old({ health: 'draining' }), c: fresh(), d: fresh() }),
      ['a is finishing its requests'],
    ],
    [
      'wait for the canary',
      snapshot({ a: old(), b: old(), c: readyFor(20) }),
      ['the canary is watched, 20 of 60 s'],
      watched,
    ],
    ['wait for room', snapshot({ a: old(), b: old() }), ['capacity is short'], none],
    [
      'wait for the platform',
      snapshot({ a: old(), b: old() }, { refusals: { launch: refused } }),
      ['no capacity'],
      none,
    ],
  ]
  for (const [about, shot, expected, change] of table) t.same(reasons(shot, change), expected, about)
  t.end()
})

t.test('a load balancer that stays stopped is waited for as long as an instance, then a person is called', (t) => {
  const shot = snapshot({ a: old({ health: 'unused' }), c: fresh({ health: 'unused' }) })
  const stopped = { ...shot, group: { ...shot.group, loadBalancer: 'stopped' as const } }
  const refused = (seconds: number) => ({
    refusals: { other: { sinceMs: nowMs - seconds * 1000, reason: 'no socket' } },
  })
  const because = 'the platform refuses for 600 s: no socket'
  t.match(nextSteps({ ...stopped, ...refused(600) }, plainPolicy), [{ do: 'repair load balancer' }])
  t.strictSame(nextSteps({ ...stopped, ...refused(601) }, plainPolicy), [{ do: 'stop', because }])
  const backwards = { ...stopped, record: back, group: { ...stopped.group, imageId: 'old' } }
  t.strictSame(nextSteps({ ...backwards, ...refused(601) }, plainPolicy), [{ do: 'give up', because }])
  t.match(nextSteps({ ...stopped, phaseStartedMs: nowMs - 3_601_000 }, plainPolicy), [
    { do: 'stop', because: 'not finished after 3601 s' },
  ])
  t.end()
})

t.test('what failed and serves nothing gives its place to its replacement at once', (t) => {
  const fleet = (failed: Sketch) =>
    snapshot({ a: old(), b: old(), n: fresh(), x: fresh({ seen: {}, ...failed }) }, { size: 3 })
  const steps = (failed: Sketch) =>
    nextSteps({ ...fleet(failed), condemned: new Set(['x']) }, { ...plainPolicy, surge: 2 })
  const ended = { do: 'terminate', instanceId: 'x', because: 'it failed and serves nothing' }
  t.strictSame(steps({ health: 'unhealthy' }), [ended, { do: 'launch', count: 2, because: '1 of 3 wanted' }])
  t.match(steps({ health: 'initial', state: 'pending' }), [ended, { do: 'launch', count: 2 }])
  t.match(steps({ health: 'draining' }), [{ do: 'launch', count: 1 }], 'what drains is left to it')
  t.match(steps({ health: 'healthy' }), [
    { do: 'drain', instanceId: 'x' },
    { do: 'launch', count: 1 },
  ])
  t.end()
})

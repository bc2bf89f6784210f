import t from 'tap'
import type { Instance } from '../platform.ts'
import type { Readiness } from '../readiness.ts'
import { decideOnFailures, setbackLimit } from './failure-policy.ts'
import { back, booting, fleetOf, fresh, nowMs, old, record, type Sketch, snapshot } from './fleet-fixture.ts'
import { plainPolicy, type RollPolicy } from './policy.ts'
import type { RollSnapshot } from './snapshot.ts'

type Row = [string, RollSnapshot, string | undefined, Partial<RollPolicy>?]

/** Who is decision, in short: `roll back: c died`, `replace c, d`. */
function judged(shot: RollSnapshot, change: Partial<RollPolicy> = {}): string | undefined {
  const found = decideOnFailures(shot, fleetOf(shot), { ...plainPolicy, ...change })
  if (found?.do !== 'replace') return found && `${found.do}: ${found.because}`
  return `replace ${found.failing.map(({ instance }) => instance.id).join(', ')}`
}

/** One of them was not seen yet. */
function unseen(id: string, shot: RollSnapshot): RollSnapshot {
  return { ...shot, readiness: new Map([...shot.readiness].filter(([seen]) => seen !== id)) }
}

function holds(name: string, table: Row[]): void {
  t.test(name, (t) => {
    for (const [about, shot, expected, change] of table) t.equal(judged(shot, change), expected, about)
    t.end()
  })
}

const ago = (seconds: number) => nowMs - seconds * 1000
const late = { unreadySinceMs: ago(601) }
const lateOnce = { everReady: true, ...late }
const alone = (seen: Partial<Readiness>, rest: Sketch = {}) => ({ a: old(), b: old(), c: fresh({ seen, ...rest }) })
const refused = (seconds: number, reason = 'no capacity') => ({ sinceMs: ago(seconds), reason })

holds('a new instance that fails before any other was ready is the fault of the image', [
  ['nothing is wrong', snapshot({ a: old(), b: old(), c: booting() }), undefined],
  ['late', snapshot(alone(late)), 'roll back: c not healthy after 601 s: slow'],
  ['exactly on time', snapshot(alone({ unreadySinceMs: ago(600) })), undefined],
  ['lost its readiness just now', snapshot(alone({ everReady: true })), undefined],
  ['not seen yet', snapshot(alone(late), { readiness: new Map() }), undefined],
  ['wrong release', snapshot(alone({ wrongRelease: true })), 'roll back: c serves the wrong release: slow'],
  ['dies unready', snapshot(alone({}, { state: 'stopped' })), 'roll back: c died before it was healthy'],
  ['dies after it was ready', snapshot(alone({ everReady: true }, { state: 'stopped' })), undefined],
  ['found dead', snapshot(alone({ seenAlive: false }, { state: 'stopped' })), undefined],
  ['dead and never seen', snapshot(alone({}, { state: 'stopped' }), { readiness: new Map() }), undefined],
  ['dead and condemned', snapshot(alone({}, { state: 'stopped' }), { condemned: new Set(['c']) }), undefined],
  ['late and condemned', snapshot(alone(late), { condemned: new Set(['c']) }), undefined],
  ['an old one dies', snapshot({ a: old({ state: 'stopped' }), b: old(), c: booting() }), undefined],
  [
    'one launched since of the old image dies',
    snapshot({ a: old({ state: 'stopped', ageSeconds: 1 }), b: old(), c: booting() }),
    undefined,
  ],
  [
    'one from before of the new image dies',
    snapshot({ a: fresh({ state: 'stopped', ageSeconds: 61, seen: {} }), b: old() }),
    undefined,
  ],
  ['an old one is late', snapshot({ a: old({ health: 'unhealthy', seen: late }), b: old() }), undefined],
  ['a hook refuses it', snapshot(alone({}), { rejected: new Map([['c', 'tests fail']]) }), 'roll back: tests fail'],
  [
    'a hook refused one that is gone',
    snapshot({ a: old(), b: old() }, { rejected: new Map([['c', 'tests fail']]) }),
    undefined,
  ],
])

const beside = (seen: Partial<Readiness>, rest: Sketch = {}) => ({ b: old(), c: fresh(), d: fresh({ seen, ...rest }) })

holds('one that fails beside ready ones is replaced, a few times', [
  ['late', snapshot(beside(late)), 'replace d'],
  [
    'late beside one that was on the image before',
    snapshot({ a: fresh({ ageSeconds: 900, seen: { ready: true, everReady: true } }), d: fresh({ seen: late }) }),
    'replace d',
  ],
  ['dead', snapshot(beside({}, { state: 'stopped' })), 'replace d'],
  ['refused by a hook', snapshot(beside({}), { rejected: new Map([['d', 'tests fail']]) }), 'replace d'],
  [
    'the other one is unready now',
    snapshot({ c: fresh({ seen: { everReady: true } }), d: fresh({ seen: late }) }),
    'replace d',
  ],
  ['the other one is gone now', snapshot({ c: fresh({ state: 'stopped' }), d: fresh({ seen: late }) }), 'replace d'],
  [
    'the other one was never ready',
    snapshot({ c: booting(), d: fresh({ seen: late }) }),
    'roll back: d not healthy after 601 s: slow',
  ],
  [
    'the other one was not seen yet',
    unseen('c', snapshot({ c: booting(), d: fresh({ seen: late }) })),
    'roll back: d not healthy after 601 s: slow',
  ],
  [
    'the other one is old',
    snapshot({ a: old({ seen: { ready: true, everReady: true } }), d: fresh({ seen: late }) }),
    'roll back: d not healthy after 601 s: slow',
  ],
  [
    'the other one fails too',
    snapshot({ c: fresh({ seen: lateOnce }), d: fresh({ seen: late }) }, { size: 40 }),
    'roll back: c not healthy after 601 s: slow',
  ],
  [
    'two at once',
    snapshot({ c: fresh(), d: fresh({ seen: late }), e: fresh({ seen: late }) }, { size: 20 }),
    'replace d, e',
  ],
  [
    'two at once are too many for a small group',
    snapshot({ c: fresh(), d: fresh({ seen: late }), e: fresh({ seen: late }) }, { size: 19 }),
    'roll back: d not healthy after 601 s: slow',
  ],
  [
    'the second one of a small group',
    snapshot(beside(late), { record: { ...record, setbacks: 1 } }),
    'roll back: d not healthy after 601 s: slow',
  ],
  ['the second one of twenty', snapshot(beside(late), { size: 20, record: { ...record, setbacks: 1 } }), 'replace d'],
  [
    'the third one of twenty',
    snapshot(beside(late), { size: 20, record: { ...record, setbacks: 2 } }),
    'roll back: d not healthy after 601 s: slow',
  ],
  [
    'the wrong release leaves no doubt',
    snapshot({ c: fresh(), d: fresh({ seen: late }), e: fresh({ seen: { wrongRelease: true } }) }, { size: 40 }),
    'roll back: e serves the wrong release: slow',
  ],
  ['ready all the same', snapshot(beside({ ready: true, wrongRelease: true })), undefined],
])

t.test('a tenth of the group may fail, at least one', (t) => {
  const limits = [0, 1, 10, 19, 20, 29, 30, 1000].map(setbackLimit)
  t.same(limits, [1, 1, 1, 1, 2, 2, 3, 100])
  t.end()
})

const losses = (...seconds: number[]) => ({ everReady: true, lostAtMs: seconds.map(ago) })

holds('one that loses its readiness five times within its time fails', [
  ['four times', snapshot(beside(losses(4, 3, 2, 1))), undefined],
  ['five times', snapshot(beside(losses(5, 4, 3, 2, 1))), 'replace d'],
  ['exactly in its time', snapshot(beside(losses(600, 4, 3, 2, 1))), 'replace d'],
  ['in a longer time', snapshot(beside(losses(601, 4, 3, 2, 1))), undefined],
  ['although it is ready now', snapshot(beside({ ready: true, ...losses(5, 4, 3, 2, 1) })), 'replace d'],
  [
    'and says so',
    snapshot(alone({ ready: true, ...losses(5, 4, 3, 2, 1) })),
    'roll back: c lost its readiness 5 times: it is ready again',
  ],
  ['or why', snapshot(alone(losses(5, 4, 3, 2, 1))), 'roll back: c lost its readiness 5 times: slow'],
])

const z1 = (health: Instance['health'], rest: Sketch = {}) =>
  old({ zone: 'z1', health, seen: { everServed: true }, ...rest })
const watched = { canary: 1, canaryWatchSeconds: 60 }
const lost = (seconds: number) => ({ everReady: true, unreadySinceMs: ago(seconds) })
const failed = 'roll back: canary c failed while it was watched: slow'

holds('a canary that fails while it is watched', [
  ['within its grace', snapshot(alone(lost(15))), undefined, watched],
  ['beyond', snapshot(alone(lost(15.001))), failed, watched],
  ['not ready ever', snapshot(alone({ unreadySinceMs: ago(16) })), undefined, watched],
  ['back again', snapshot(alone({ ready: true, everReady: true })), undefined, watched],
  ['no canary', snapshot(alone(lost(16))), undefined, { canaryWatchSeconds: 60 }],
  ['no watch', snapshot(alone(lost(16))), undefined, { canary: 1 }],
  ['one of two', snapshot({ ...alone(lost(16)), d: fresh() }), failed, { ...watched, canary: 2 }],
  [
    'is named although the other one is late',
    snapshot({ d: fresh({ ageSeconds: 20, seen: late }), ...alone(lost(16)) }),
    failed,
    { ...watched, canary: 2 },
  ],
  [
    'in a lost zone',
    snapshot({
      a: z1('unhealthy'),
      b: z1('unhealthy'),
      x: old({ zone: 'z2' }),
      c: fresh({ zone: 'z1', health: 'unhealthy', seen: lost(16) }),
    }),
    undefined,
    watched,
  ],
  [
    'beside older ones of the same image',
    snapshot(
      { a: fresh({ ageSeconds: 900 }), b: fresh({ ageSeconds: 900 }), c: fresh({ seen: lost(16) }) },
      { record: { ...record, force: true } },
    ),
    failed,
    watched,
  ],
  ['when others followed', snapshot({ ...alone(lost(16)), d: fresh() }), undefined, watched],
  [
    'none during the rollback',
    snapshot({ b: old(), d: old({ ageSeconds: 10, seen: lost(16) }) }, { record: back }),
    undefined,
    watched,
  ],
])

const overtime = { phaseStartedMs: ago(3601) }
const decisions = {
  zone: 'stop: not finished after 3601 s: nothing serves any more in z1, although its machines run',
  image: 'roll back: not finished after 3601 s',
}
const inZone = (...ofZone: Sketch[]) =>
  snapshot(
    {
      ...Object.fromEntries(ofZone.map((one, index) => [`m${index}`, one])),
      x: old({ zone: 'z2' }),
      n: fresh({ zone: 'z2' }),
    },
    overtime,
  )

holds('a roll that is late, and the zones', [
  ['exactly in time', snapshot({ a: old(), b: old() }, { phaseStartedMs: ago(3600) }), undefined],
  ['no zone is lost', snapshot({ a: old(), b: old() }, overtime), decisions.image],
  ['two that served do not', inZone(z1('unhealthy'), z1('initial')), decisions.zone],
  ['one of them', inZone(z1('unhealthy')), decisions.image],
  ['another one serves there', inZone(z1('unhealthy'), z1('unhealthy'), z1('healthy')), decisions.image],
  ['they never served', inZone(z1('unhealthy', { seen: {} }), z1('unhealthy')), decisions.image],
  ['one is drained', inZone(z1('unused'), z1('unhealthy')), decisions.image],
  ['one is draining', inZone(z1('draining'), z1('unhealthy')), decisions.image],
  ['one is gone', inZone(z1('unhealthy', { state: 'stopped' }), z1('unhealthy')), decisions.image],
  ['one still boots', inZone(z1('initial', { state: 'pending' }), z1('unhealthy')), decisions.image],
  ['not seen yet', { ...inZone(z1('unhealthy'), z1('unhealthy')), readiness: new Map() }, decisions.image],
  [
    'a group without zones',
    snapshot(
      {
        a: z1('unhealthy', { zone: '' }),
        b: z1('unhealthy', { zone: '' }),
        n: fresh({ zone: '', health: 'initial', seen: {} }),
      },
      overtime,
    ),
    'stop: not finished after 3601 s: nothing serves any more in the whole group, although its machines run',
  ],
  [
    'lost, and nothing new there',
    snapshot({ a: z1('unhealthy'), b: z1('unhealthy'), x: old({ zone: 'z2' }) }, overtime),
    decisions.image,
  ],
])

const zoneGone = { a: z1('unhealthy'), b: z1('unhealthy'), x: old({ zone: 'z2' }) }
const without = (name: string) => ({ a: old({ health: 'unhealthy', seen: { everServed: true } }), [name]: old() })

holds('an instance of a lost zone fails through no fault of its image', [
  [
    'late in the lost zone',
    snapshot({ ...zoneGone, c: fresh({ zone: 'z1', health: 'initial', seen: late }) }),
    undefined,
  ],
  [
    'late in another',
    snapshot({ ...zoneGone, c: fresh({ zone: 'z2', seen: late }) }),
    'roll back: c not healthy after 601 s: slow',
  ],
  ['late in none', snapshot({ ...zoneGone, c: fresh({ seen: late }) }), 'roll back: c not healthy after 601 s: slow'],
  [
    'late in a group without zones, all of it lost',
    snapshot({
      ...without('b'),
      b: old({ health: 'unhealthy', seen: { everServed: true } }),
      c: fresh({ health: 'initial', seen: late }),
    }),
    undefined,
  ],
  [
    'late in a group without zones, one of it lost',
    snapshot({ ...without('b'), c: fresh({ health: 'initial', seen: late }) }),
    'roll back: c not healthy after 601 s: slow',
  ],
  [
    'the wrong release is, wherever it is',
    snapshot({ ...zoneGone, c: fresh({ zone: 'z1', health: 'initial', seen: { wrongRelease: true } }) }),
    'roll back: c serves the wrong release: slow',
  ],
])

const bothRefused = (launch: number, other: number) => ({
  refusals: { launch: refused(launch), other: refused(other, 'no answer') },
})

holds('a platform that refuses', [
  ['launches, for a while', snapshot({ a: old(), b: old() }, { refusals: { launch: refused(600) } }), undefined],
  [
    'launches for too long, and nothing new is there',
    snapshot({ a: old(), b: old() }, { refusals: { launch: refused(601) } }),
    'roll back: no instance could be launched for 600 s: no capacity',
  ],
  [
    'launches for too long, half-way',
    snapshot({ b: old(), c: fresh() }, { refusals: { launch: refused(601) } }),
    'stop: no instance could be launched for 600 s: no capacity',
  ],
  ['something else, for a while', snapshot({ a: old() }, { refusals: { other: refused(600) } }), undefined],
  [
    'something else for too long',
    snapshot({ a: old() }, { refusals: { other: refused(601, 'no answer') } }),
    'stop: the platform refuses for 600 s: no answer',
  ],
  [
    'both for too long',
    snapshot({ a: old() }, bothRefused(601, 601)),
    'stop: the platform refuses for 600 s: no answer',
  ],
  [
    'both, launches for too long',
    snapshot({ a: old() }, bothRefused(601, 600)),
    'roll back: no instance could be launched for 600 s: no capacity',
  ],
  [
    'while an instance fails',
    snapshot(alone(late), bothRefused(601, 601)),
    'roll back: c not healthy after 601 s: slow',
  ],
  [
    'and the time is over',
    snapshot({ b: old(), c: fresh() }, { ...overtime, refusals: { launch: refused(601) } }),
    'stop: no instance could be launched for 600 s: no capacity',
  ],
])

const hookFailure = (...times: number[]) => ({
  hookFailures: new Map(times.map((one, index) => [`i${index}`, { times: one, reason: 'not deregistered' }])),
})

holds('the hook before an end', [
  ['may fail twice', snapshot({ a: old() }, hookFailure(2)), undefined],
  ['for each', snapshot({ a: old() }, hookFailure(2, 1)), undefined],
  ['not thrice for one', snapshot({ a: old() }, hookFailure(1, 3)), 'stop: not deregistered'],
  ['not thrice', snapshot({ a: old() }, hookFailure(3)), 'stop: not deregistered'],
  ['nor more', snapshot({ a: old() }, hookFailure(4)), 'stop: not deregistered'],
])

const young = (seen: Partial<Readiness>, rest: Sketch = {}) => old({ ageSeconds: 10, seen, ...rest })
const inRollback = { record: back }
const second = { record: { ...back, setbacks: 1 } }

holds('the rollback', [
  ['one from before is not judged', snapshot({ a: old({ seen: late }), b: old() }, inRollback), undefined],
  [
    'not even while it does not serve',
    snapshot({ a: old({ health: 'initial', seen: { ...late, wrongRelease: true } }) }, inRollback),
    undefined,
  ],
  ['one launched since is', snapshot({ b: old(), d: young(late) }, inRollback), 'replace d'],
  ['although nothing is ready', snapshot({ d: young(late) }, inRollback), 'replace d'],
  ['on time', snapshot({ d: young({ unreadySinceMs: ago(600) }) }, inRollback), undefined],
  ['the wrong release, too', snapshot({ d: young({ wrongRelease: true }) }, inRollback), 'replace d'],
  ['dead', snapshot({ d: young({}, { state: 'stopped' }) }, inRollback), 'replace d'],
  ['a dead new one', snapshot({ a: old(), d: fresh({ state: 'stopped', seen: {} }) }, inRollback), undefined],
  ['the second one', snapshot({ b: old(), d: young(late) }, second), 'give up: d not healthy after 601 s: slow'],
  ['late', snapshot({ a: old() }, { ...inRollback, ...overtime }), 'give up: not finished after 3601 s'],
  [
    'refused for too long',
    snapshot({ a: old() }, { ...inRollback, refusals: { launch: refused(601) } }),
    'give up: no instance could be launched for 600 s: no capacity',
  ],
  ['refused for a while', snapshot({ a: old() }, { ...inRollback, refusals: { launch: refused(600) } }), undefined],
])

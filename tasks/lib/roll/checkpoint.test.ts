import t from 'tap'
import type { Readiness } from '../readiness.ts'
import { type Checkpoint, checkpointOf } from './checkpoint.ts'
import { back, booting, fleetOf, fresh, nowMs, old, record, snapshot } from './fleet-fixture.ts'
import { plainPolicy, type RollPolicy } from './policy.ts'
import type { RollSnapshot } from './snapshot.ts'

type Row = [string, RollSnapshot, Checkpoint, Partial<RollPolicy>?]

function holds(name: string, table: Row[]): void {
  t.test(name, (t) => {
    for (const [about, shot, expected, change] of table) {
      t.strictSame(checkpointOf(shot, fleetOf(shot), { ...plainPolicy, ...change }), expected, about)
    }
    t.end()
  })
}

const ago = (seconds: number) => nowMs - seconds * 1000
const since = (seconds: number): { seen: Partial<Readiness> } => ({
  seen: { ready: true, everReady: true, readySinceMs: ago(seconds) },
})
const four = { size: 4 }
const olds = { a: old(), b: old(), c: old(), d: old() }
const canary = { canary: 1 }
const watched = { canary: 1, canaryWatchSeconds: 60 }
const first = { atMost: 1, name: 'canary first' }
const open = { atMost: 4 }

holds('without a checkpoint the group is all there is', [
  ['there', snapshot(olds, four), open],
  ['back', snapshot(olds, { ...four, record: back }), open, { ...watched, pauseAt: [1] }],
])

holds('the canary', [
  ['is launched', snapshot(olds, four), first, canary],
  ['boots', snapshot({ ...olds, n: booting() }, four), first, canary],
  ['was not seen yet', snapshot({ ...olds, n: booting() }, { ...four, readiness: new Map() }), first, canary],
  ['is ready', snapshot({ ...olds, n: fresh() }, four), open, canary],
  [
    'of two, one is ready',
    snapshot({ ...olds, n: fresh(), o: booting() }, four),
    { ...first, atMost: 2 },
    { canary: 2 },
  ],
  ['of two, one is there', snapshot({ ...olds, n: fresh() }, four), { ...first, atMost: 2 }, { canary: 2 }],
  ['both are ready', snapshot({ ...olds, n: fresh(), o: fresh() }, four), open, { canary: 2 }],
  ['has passed when there are more', snapshot({ ...olds, n: booting(), o: booting() }, four), open, canary],
  ['of more than the group is the group', snapshot({ a: old(), b: old() }), { ...first, atMost: 2 }, { canary: 9 }],
  ['of an empty group is none', snapshot({}, { size: 0 }), { atMost: 0 }, canary],
])

const heldFor = (seconds: number) => ({ ...first, holds: `the canary is watched, ${seconds} of 60 s` })

holds('a canary that is watched', [
  ['just ready', snapshot({ ...olds, n: since(0) }, four), heldFor(0), watched],
  ['by one that does not know since when', snapshot({ ...olds, n: fresh() }, four), heldFor(0), watched],
  ['for a while', snapshot({ ...olds, n: since(59.4) }, four), heldFor(59), watched],
  ['to the end', snapshot({ ...olds, n: since(60) }, four), open, watched],
  ['to a millisecond before', snapshot({ ...olds, n: since(59.999) }, four), heldFor(60), watched],
  [
    'as long as the youngest readiness',
    snapshot({ ...olds, n: since(90), o: since(20) }, four),
    { ...first, atMost: 2, holds: 'the canary is watched, 20 of 60 s' },
    { ...watched, canary: 2 },
  ],
  ['lost its readiness', snapshot({ ...olds, n: fresh({ seen: { everReady: true } }) }, four), first, watched],
])

const pausing = { pauseAt: [1, 3] }
const holding = { ...pausing, pauseSeconds: 60 }
const pause = (at: number) => ({ atMost: at, name: `pause at ${at}` })
const threeOld = { b: old(), c: old(), d: old() }
const reached = { ...threeOld, n: fresh() }

holds('a pause point', [
  ['lies ahead', snapshot(olds, four), pause(1), pausing],
  ['is not ready', snapshot({ ...threeOld, n: booting() }, four), pause(1), pausing],
  ['is not drained to yet', snapshot({ ...olds, n: fresh() }, four), pause(1), pausing],
  [
    'is reached',
    snapshot(reached, four),
    { ...pause(1), step: { do: 'pause', at: 1, because: '1 of 4 replaced' } },
    pausing,
  ],
  [
    'is reached with fewer machines',
    snapshot({ c: old(), d: old(), n: fresh() }, four),
    { ...pause(1), step: { do: 'pause', at: 1, because: '1 of 4 replaced' } },
    pausing,
  ],
  ['is behind already', snapshot({ c: old(), d: old(), n: fresh(), o: fresh() }, four), pause(3), pausing],
  ['was passed', snapshot(reached, { ...four, record: { ...record, passed: 1 } }), pause(3), pausing],
  ['was passed, all of them', snapshot(reached, { ...four, record: { ...record, passed: 3 } }), open, pausing],
  ['of the whole group is none', snapshot(olds, four), open, { pauseAt: [4] }],
  ['comes after the canary', snapshot(olds, four), { ...first, atMost: 2 }, { ...pausing, canary: 2 }],
  ['comes once the canary has passed', snapshot(reached, four), pause(3), { pauseAt: [3], canary: 1 }],
  [
    'begins to be held',
    snapshot(reached, four),
    { ...pause(1), step: { do: 'hold', at: 1, because: '1 of 4 replaced' } },
    holding,
  ],
  [
    'is held',
    snapshot(reached, { ...four, heldSinceMs: ago(20.4) }),
    { ...pause(1), holds: 'pause at 1, 20 of 60 s' },
    holding,
  ],
  [
    'is held to a millisecond before its end',
    snapshot(reached, { ...four, heldSinceMs: ago(59.999) }),
    { ...pause(1), holds: 'pause at 1, 60 of 60 s' },
    holding,
  ],
  [
    'is held for its time',
    snapshot(reached, { ...four, heldSinceMs: ago(60) }),
    { ...pause(1), step: { do: 'pass', at: 1, because: 'held for 60 s' } },
    holding,
  ],
  [
    'of no time is passed at once',
    snapshot(reached, { ...four, heldSinceMs: ago(0) }),
    { ...pause(1), step: { do: 'pass', at: 1, because: 'held for 0 s' } },
    { ...pausing, pauseSeconds: 0 },
  ],
])

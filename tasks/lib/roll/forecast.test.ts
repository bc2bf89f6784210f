import t from 'tap'
import { booting, fresh, nowMs, old, record, shortStep, snapshot } from './fleet-fixture.ts'
import { forecastSteps } from './forecast.ts'
import { plainPolicy, type RollPolicy } from './policy.ts'
import type { RollSnapshot } from './snapshot.ts'

/** All the steps in short. */
function forecast(shot: RollSnapshot, change: Partial<RollPolicy> = {}): string {
  return forecastSteps(shot, { ...plainPolicy, ...change })
    .map(shortStep)
    .join(', ')
}

const two = { a: old(), b: old() }

t.test('what a roll would do, if all goes well', (t) => {
  const table: [string, RollSnapshot, string, Partial<RollPolicy>?][] = [
    ['nothing', snapshot({ c: fresh(), d: fresh() }), 'finish'],
    ['one after the other', snapshot(two), 'launch 1, drain a, terminate a, launch 1, drain b, terminate b, finish'],
    ['two at a time', snapshot(two), 'launch 2, drain a, drain b, terminate a, terminate b, finish', { surge: 2 }],
    [
      'a watched canary has been watched',
      snapshot(two),
      'launch 1, drain a, launch 1, terminate a, drain b, terminate b, finish',
      { surge: 2, canary: 1, canaryWatchSeconds: 60 },
    ],
    [
      'over a pause',
      snapshot(two),
      'launch 1, drain a, terminate a, pause 1, launch 1, drain b, terminate b, finish',
      { pauseAt: [1] },
    ],
    [
      'over a pause for its time',
      snapshot(two),
      'launch 1, drain a, terminate a, hold 1, launch 1, drain b, terminate b, finish',
      { pauseAt: [1], pauseSeconds: 60 },
    ],
    [
      'in place',
      snapshot(two),
      'drain a, terminate a, launch 1, drain b, terminate b, launch 1, finish',
      { surge: 0, maxUnavailable: 1 },
    ],
    [
      'by force, too',
      snapshot({ a: fresh({ ageSeconds: 900 }) }, { size: 1, record: { ...record, force: true } }),
      'launch 1, drain a, terminate a, finish',
    ],
    [
      'what is on its way arrives',
      snapshot({ a: old({ health: 'draining' }), c: fresh(), d: booting() }),
      'terminate a, finish',
    ],
    [
      'up to where a person is needed',
      snapshot({ a: old(), b: old(), c: fresh({ seen: { unreadySinceMs: nowMs - 601_000 } }) }),
      'roll back',
    ],
  ]
  for (const [name, shot, expected, change] of table) t.equal(forecast(shot, change), expected, name)
  t.end()
})

t.test('a stopped load balancer is put right first, and what it told is forgotten', (t) => {
  const shot = snapshot({ a: old({ health: 'initial' }), d: fresh({ health: 'initial', seen: {} }) })
  const stopped = { ...shot, group: { ...shot.group, loadBalancer: 'stopped' as const } }
  t.equal(forecast(stopped), 'repair load balancer, launch 1, drain a, terminate a, finish')
  t.end()
})

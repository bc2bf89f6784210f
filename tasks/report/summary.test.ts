import t from 'tap'
import type { RollEvent } from '../lib/roll/events.ts'
import { plainPolicy } from '../lib/roll/policy.ts'
import { rollFixture } from './roll-fixture.ts'
import { type Summary, summarize } from './summary.ts'

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()
const began = (second: number, resumed = false): RollEvent => ({
  at: at(second),
  event: 'began',
  group: 'g',
  imageId: 'b',
  previousImageId: 'a',
  size: 3,
  resumed,
  policy: plainPolicy,
})
const capacity = (second: number, healthy: number, machines: number, floor = 3): RollEvent => ({
  at: at(second),
  event: 'capacity',
  healthy,
  machines,
  size: 3,
  floor,
  maximum: 4,
})
const requests = (second: number, sent: number, failed: number): RollEvent => ({
  at: at(second),
  event: 'requests',
  since: at(second - 1),
  sent,
  failed,
})
const ended = (second: number, outcome: 'rolled' | 'interrupted' | 'rolled-back', seconds: number): RollEvent => ({
  at: at(second),
  event: 'ended',
  outcome,
  imageId: 'b',
  replaced: outcome === 'rolled' ? 3 : 0,
  seconds,
})

const table: { readonly name: string; readonly events: readonly RollEvent[]; readonly numbers: Partial<Summary> }[] = [
  { name: 'nothing happened', events: [], numbers: { outcome: 'unfinished', replaced: 0, seconds: 0, runs: [] } },
  {
    name: 'capacity kept',
    events: [began(0), capacity(0, 3, 3), capacity(5, 4, 4), capacity(9, 3, 4), ended(10, 'rolled', 10)],
    numbers: {
      outcome: 'rolled',
      replaced: 3,
      seconds: 10,
      secondsBelowFloor: 0,
      lowestHealthy: 3,
      floor: 3,
      highestMachines: 4,
      maximum: 4,
    },
  },
  {
    name: 'below the floor twice, once until the end',
    events: [began(0), capacity(0, 2, 3), capacity(4, 3, 5), capacity(6, 1, 3), ended(9, 'rolled', 9)],
    numbers: { lowestHealthy: 1, floor: 3, secondsBelowFloor: 7, highestMachines: 5, maximum: 4 },
  },
  {
    name: 'the moment closest to the floor counts, also when the floor changes',
    events: [began(0), capacity(0, 2, 2, 2), capacity(3, 4, 4, 5), capacity(6, 5, 4, 5), ended(9, 'rolled', 9)],
    numbers: { lowestHealthy: 4, floor: 5, secondsBelowFloor: 3 },
  },
  {
    name: 'requests add up, also after the end',
    events: [began(0), requests(1, 100, 0), requests(2, 90, 2), ended(3, 'rolled', 3), requests(4, 10, 1)],
    numbers: { requests: { sent: 200, failed: 3 } },
  },
  {
    name: 'a killed run lasts until its last event, and the time between runs does not count',
    events: [
      began(0),
      capacity(4, 1, 3),
      requests(50, 10, 0),
      began(100, true),
      capacity(101, 3, 3),
      ended(107, 'rolled', 7),
    ],
    numbers: { outcome: 'rolled', seconds: 11, secondsBelowFloor: 0 },
  },
  {
    name: 'the last run was killed',
    events: [began(0), capacity(4, 3, 3)],
    numbers: { outcome: 'unfinished', seconds: 4 },
  },
  {
    name: 'interrupted and rolled back',
    events: [began(0), ended(5, 'interrupted', 5), began(9, true), ended(20, 'rolled-back', 11)],
    numbers: { outcome: 'rolled-back', replaced: 0, seconds: 16 },
  },
]

for (const { name, events, numbers } of table) {
  t.test(name, async (t) => {
    t.match(summarize(events), numbers)
  })
}

t.test('without load, reports no requests', async (t) => {
  t.notOk('requests' in summarize([began(0), ended(1, 'rolled', 1)]))
})

t.test('counts the replaced instances over several runs', async (t) => {
  const events = rollFixture({ size: 5, surge: 2, killedAtSecond: 50 })
  const summary = summarize(events)
  t.equal(summary.runs.length, 2)
  t.equal(summary.runs[0]?.ended, undefined)
  t.equal(summary.replaced, 5)
  t.equal(
    summarize(
      events.slice(
        0,
        events.findLastIndex(({ event }) => event === 'began'),
      ),
    ).replaced,
    2,
    'half way',
  )
})

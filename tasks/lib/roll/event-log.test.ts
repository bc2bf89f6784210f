import t from 'tap'
import { openEventLog } from './event-log.ts'
import type { RollEvent } from './events.ts'
import { back, booting, fresh, nowMs, old, record, type Sketch, snapshot } from './fleet-fixture.ts'
import { plainPolicy } from './policy.ts'
import type { RollSnapshot } from './snapshot.ts'

/** An event log that says `instance a` or `capacity 2`, and its events. */
function recorded(policy = plainPolicy) {
  const events: RollEvent[] = []
  const eventLog = openEventLog(
    (event) => events.push(event),
    policy,
    () => nowMs + 500,
  )
  return {
    events,
    eventLog,
    /** What is told of a look at these instances, the id or the event's name. */
    look(fleet: Record<string, Sketch>, change: Partial<RollSnapshot> & { size?: number } = {}): string[] {
      const before = events.length
      const shot = snapshot(fleet, change)
      eventLog.look(shot, shot.record)
      return events.slice(before).map((event) => ('id' in event ? event.id : event.event))
    },
  }
}

t.test('the first look introduces everybody, the next ones tell what is different', (t) => {
  const { look } = recorded()
  t.same(look({ a: old(), b: old() }), ['a', 'b', 'capacity'])
  t.same(look({ a: old(), b: old() }), [])
  t.same(look({ a: old(), b: old(), c: booting() }), ['c', 'capacity'])
  t.same(look({ a: old(), b: old(), c: booting({ state: 'running' }) }), ['c'])
  t.same(look({ a: old(), b: old(), c: fresh() }), ['c', 'capacity'])
  t.same(look({ a: old({ health: 'draining' }), b: old(), c: fresh() }), ['a', 'capacity'])
  t.same(look({ b: old(), c: fresh() }), ['a', 'capacity'])
  t.same(look({ b: old(), c: fresh() }), [], 'who is gone is gone')
  t.same(look({ b: old(), c: fresh() }, { size: 3 }), ['capacity'])
  t.end()
})

t.test('what it says of an instance', (t) => {
  const { look, events } = recorded()
  look({ a: old({ zone: 'x' }), b: fresh({ seen: {} }) })
  const at = new Date(nowMs).toISOString()
  const [a, b] = events
  const known = { at, event: 'instance', release: '1', state: 'running', health: 'healthy', ready: false }
  const oldStart = new Date(nowMs - 3_600_000).toISOString()
  t.strictSame(a, { ...known, id: 'a', imageId: 'old', startedAt: oldStart, zone: 'x', isNew: false })
  const newStart = new Date(nowMs - 30_000).toISOString()
  t.strictSame(b, { ...known, id: 'b', imageId: 'new', startedAt: newStart, isNew: true, reason: 'slow' })
  look({ a: old({ zone: 'x' }) })
  t.match(events.at(-2), { id: 'b', state: 'gone', health: 'unused', ready: false, reason: undefined, isNew: true })
  look({ a: old({ zone: 'x' }), b: fresh() })
  t.match(events.at(-2), { id: 'b', state: 'running', ready: true }, 'one that comes back is introduced again')
  t.end()
})

t.test('new is what the roll goes to now', (t) => {
  const { look, events } = recorded()
  look({ a: old(), b: fresh() })
  t.same(look({ a: old(), b: fresh() }, { record: back }), ['a', 'b'])
  t.match(events.slice(-2), [
    { id: 'a', isNew: true, reason: 'slow' },
    { id: 'b', isNew: false },
  ])
  t.end()
})

t.test('the count of right probes is no news', (t) => {
  const { look, events } = recorded()
  const probed = (reason: string) => ({ b: fresh({ seen: { reason } }) })
  look(probed('0 of 3 probes right so far'))
  t.equal('reason' in (events[0] ?? {}), false)
  t.same(look(probed('1 of 3 probes right so far')), [])
  t.same(look(probed('GET /now: 502')), ['b'])
  t.end()
})

t.test('one that was not seen yet is not ready', (t) => {
  const { look, events } = recorded()
  look({ b: fresh() }, { readiness: new Map() })
  t.match(events[0], { id: 'b', ready: false, reason: undefined })
  t.end()
})

t.test('the capacity', (t) => {
  const { look, events } = recorded({ ...plainPolicy, surge: 2, maxUnavailable: 1 })
  look({
    a: old(),
    b: old({ health: 'draining' }),
    c: fresh(),
    d: booting(),
    e: old({ state: 'stopped' }),
  })
  const at = new Date(nowMs).toISOString()
  t.strictSame(events.at(-1), { at, event: 'capacity', healthy: 2, machines: 4, size: 2, floor: 1, maximum: 4 })
  t.end()
})

t.test('what happens just now has the time of now', (t) => {
  const { eventLog, events } = recorded()
  eventLog.tell({ event: 'warning', message: 'slow disk' })
  t.strictSame(events, [{ at: new Date(nowMs + 500).toISOString(), event: 'warning', message: 'slow disk' }])
  t.end()
})

t.test('without a sink it stays silent', (t) => {
  const asked: number[] = []
  const eventLog = openEventLog(undefined, plainPolicy, () => asked.push(nowMs))
  eventLog.look(snapshot({ a: old() }), record)
  t.same(asked, [])
  t.end()
})

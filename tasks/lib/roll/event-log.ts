import type { Observation } from '../group-watch.ts'
import type { Group, Instance, RollRecord } from '../platform.ts'
import { isServing, type Readiness } from '../readiness.ts'
import type { CapacityEvent, InstanceEvent, RollEvent, RollEventSink } from './events.ts'
import { targetImageId } from './fleet.ts'
import { floorOf, maximumOf, type RollPolicy } from './policy.ts'

/** Reports to a sink what changed between two observations of the group. */
export interface EventLog {
  look(seen: Observation, record: RollRecord): void
  tell(event: OfNow): void
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never
/** An event whose time is now. */
export type OfNow = WithoutTime<RollEvent>

/** Without a sink it does nothing. */
export function openEventLog(onEvent: RollEventSink | undefined, policy: RollPolicy, nowMs: () => number): EventLog {
  const told = new Map<string, InstanceEvent>()
  let capacity = ''
  const tell = (event: OfNow, atMs = nowMs()) => onEvent?.({ at: new Date(atMs).toISOString(), ...event } as RollEvent)
  const tellInstance = (event: InstanceEvent, atMs: number) => {
    const before = told.get(event.id)
    if (before && isSame(before, event)) return
    told.set(event.id, event)
    tell(event, atMs)
  }
  return {
    tell,
    look({ group, readiness, nowMs: atMs }, record) {
      if (!onEvent) return
      const present = new Set(group.instances.map(({ id }) => id))
      for (const one of group.instances) tellInstance(instanceEvent(one, readiness.get(one.id), record), atMs)
      for (const [id, event] of told) {
        if (present.has(id)) continue
        const { reason: _, ...rest } = event
        tellInstance({ ...rest, state: 'gone', health: 'unused', ready: false }, atMs)
        told.delete(id)
      }
      const now = capacityEvent(group, policy)
      if (JSON.stringify(now) !== capacity) tell(now, atMs)
      capacity = JSON.stringify(now)
    },
  }
}

function isSame(a: InstanceEvent, b: InstanceEvent): boolean {
  return (
    a.state === b.state &&
    a.health === b.health &&
    a.ready === b.ready &&
    a.reason === b.reason &&
    a.isNew === b.isNew &&
    a.imageId === b.imageId
  )
}

function instanceEvent(instance: Instance, seen: Readiness | undefined, record: RollRecord): InstanceEvent {
  const { id, imageId, release, zone, startedAt, state, health } = instance
  const isNew = imageId === targetImageId(record)
  return {
    event: 'instance',
    id,
    imageId,
    release,
    startedAt,
    state,
    health,
    isNew,
    ready: seen?.ready ?? false,
    ...(zone === undefined ? {} : { zone }),
    // Readiness is tracked for new instances only; the count of probes so far is not news.
    ...(isNew && seen?.reason !== undefined && !/probes right so far$/.test(seen.reason)
      ? { reason: seen.reason }
      : {}),
  }
}

function capacityEvent({ instances, size }: Group, policy: RollPolicy): CapacityEvent {
  const there = instances.filter(({ state }) => state !== 'stopped')
  return {
    event: 'capacity',
    healthy: there.filter(isServing).length,
    machines: there.length,
    size,
    floor: floorOf(policy, size),
    maximum: maximumOf(policy, size),
  }
}

import type { Instance } from '../platform.ts'

export interface Leaver {
  readonly instance: Instance
  /** What is lost with it; below 2 it carries no capacity worth keeping. */
  readonly loss: number
  readonly startedMs: number
}

/** At this loss an instance serves; above it, it is also ready. */
export const servingLoss = 2

/**
 * The order in which instances leave: those without capacity or with wrong answers, then those the user named, then the
 * unready before the ready; among these always the oldest of the zone with the most serving instances, so that zones
 * stay balanced. `staying` are the serving ones that stay.
 */
export function leavingOrder(
  leavers: readonly Leaver[],
  staying: readonly Instance[],
  first: readonly string[],
): Instance[] {
  const rank = new Map(first.map((id, index) => [id, index]))
  const rankOf = ({ instance }: Leaver) => rank.get(instance.id) ?? first.length
  const inOrder = leavers.toSorted(
    (a, b) => capped(a.loss) - capped(b.loss) || rankOf(a) - rankOf(b) || a.loss - b.loss || a.startedMs - b.startedMs,
  )
  const isFree = (leaver: Leaver) => leaver.loss >= servingLoss && rankOf(leaver) === first.length
  const free = inOrder.filter(isFree)
  const unready = free.filter(({ loss }) => loss === servingLoss)
  const ready = free.filter(({ loss }) => loss > servingLoss)
  const order = [
    ...inOrder.filter((one) => !isFree(one)),
    ...byZone(unready, [...staying, ...ready.map(({ instance }) => instance)]),
    ...byZone(ready, staying),
  ]
  return order.map(({ instance }) => instance)
}

/** Serving instances are distinguished later. */
function capped(loss: number): number {
  return Math.min(loss, servingLoss)
}

function byZone(leavers: readonly Leaver[], staying: readonly Instance[]): Leaver[] {
  const zones = new Map<string, ZoneQueue>()
  for (const leaver of leavers) {
    const name = leaver.instance.zone ?? ''
    const zone = zones.get(name) ?? { waiting: [], next: 0, serving: 0 }
    zones.set(name, zone)
    zone.waiting.push(leaver)
    zone.serving += 1
  }
  for (const { zone = '' } of staying) {
    const found = zones.get(zone)
    if (found) found.serving += 1
  }
  const queues = [...zones.values()]
  return leavers.map(() => nextOf(queues.reduce(fuller)))
}

/** One zone's leavers, in order, and how many instances serve there. */
interface ZoneQueue {
  readonly waiting: Leaver[]
  next: number
  serving: number
}

/** Of two zones, the one that the next instance leaves. */
function fuller(a: ZoneQueue, b: ZoneQueue): ZoneQueue {
  const [ofA, ofB] = [a.waiting[a.next], b.waiting[b.next]]
  if (!ofA || !ofB) return ofA ? a : b
  const difference = b.serving - a.serving || ofA.loss - ofB.loss || ofA.startedMs - ofB.startedMs
  return difference <= 0 ? a : b
}

function nextOf(zone: ZoneQueue): Leaver {
  const leaver = zone.waiting[zone.next] as Leaver
  zone.next += 1
  zone.serving -= 1
  return leaver
}

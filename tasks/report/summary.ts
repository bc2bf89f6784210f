import type { BeganEvent, CapacityEvent, EndedEvent, RollEnd, RollEvent } from '../lib/roll/events.ts'
import { livesOf } from './lives.ts'

/** One run of a roll; `ended` is absent when it was killed. */
export interface Run {
  readonly fromMs: number
  readonly toMs: number
  readonly ended?: EndedEvent
}

/** A roll in numbers; counts are of instances. */
export interface Summary {
  readonly began?: BeganEvent
  /** `unfinished`: the last run was killed. */
  readonly outcome: RollEnd | 'unfinished'
  readonly reason?: string
  readonly replaced: number
  /** All runs, without the time between them. */
  readonly seconds: number
  /** Healthy in service, and the capacity promised, at the moment closest to the promise. */
  readonly lowestHealthy?: number
  readonly floor?: number
  /** Time with fewer healthy than promised. */
  readonly secondsBelowFloor: number
  /** Machines, and the number allowed, at the moment closest to the limit. */
  readonly highestMachines?: number
  readonly maximum?: number
  /** Absent when no load ran. */
  readonly requests?: { readonly sent: number; readonly failed: number }
  readonly runs: readonly Run[]
}

type Capacity = RollEvent & CapacityEvent

export function summarize(events: readonly RollEvent[]): Summary {
  const runs = runsOf(events)
  const began = events.findLast((event) => event.event === 'began')
  const ended = runs.at(-1)?.ended
  const capacities = events.filter((event) => event.event === 'capacity')
  const lowest = least(capacities, ({ healthy, floor }) => healthy - floor)
  const highest = least(capacities, ({ machines, maximum }) => maximum - machines)
  const requests = totalRequests(events)
  return {
    ...(began ? { began } : {}),
    outcome: ended?.outcome ?? 'unfinished',
    ...(ended?.reason === undefined ? {} : { reason: ended.reason }),
    replaced: replaced(runs, events),
    seconds: Math.round(runs.reduce((sum, run) => sum + secondsOf(run), 0)),
    ...(lowest ? { lowestHealthy: lowest.healthy, floor: lowest.floor } : {}),
    secondsBelowFloor: belowFloorMs(capacities, runs) / 1000,
    ...(highest ? { highestMachines: highest.machines, maximum: highest.maximum } : {}),
    ...(requests ? { requests } : {}),
    runs,
  }
}

/** The runs of a roll, in order. */
export function runsOf(events: readonly RollEvent[]): Run[] {
  const starts = events.flatMap(({ event }, index) => (event === 'began' ? [index] : []))
  const parts = starts.map((start, index) => events.slice(start, starts[index + 1]))
  return parts.map((part) => {
    // A load may continue between runs.
    const times = part.filter(({ event }) => event !== 'requests').map(({ at }) => Date.parse(at))
    const ended = part.find((event) => event.event === 'ended')
    const [fromMs = 0] = times
    return { fromMs, toMs: times.reduce((last, ms) => Math.max(last, ms), fromMs), ...(ended ? { ended } : {}) }
  })
}

function secondsOf({ ended, fromMs, toMs }: Run): number {
  return ended?.seconds ?? (toMs - fromMs) / 1000
}

/** As reported by the last finished run; without one, the earlier instances that are gone are counted. */
function replaced(runs: readonly Run[], events: readonly RollEvent[]): number {
  const ended = runs.at(-1)?.ended
  if (ended?.outcome === 'rolled-back') return 0
  if (events.some((event) => event.event === 'began' && event.inPlace)) return ended?.replaced ?? 0
  if (runs.length === 1 && ended?.outcome === 'rolled') return ended.replaced
  return livesOf(events).filter(({ role, isGone }) => role === 'old' && isGone).length
}

/** The first with the least `measure`. */
function least(capacities: readonly Capacity[], measure: (capacity: Capacity) => number): Capacity | undefined {
  return capacities.reduce<Capacity | undefined>(
    (best, one) => (best && measure(best) <= measure(one) ? best : one),
    undefined,
  )
}

function belowFloorMs(capacities: readonly Capacity[], runs: readonly Run[]): number {
  return capacities.reduce((sum, { at, healthy, floor }, index) => {
    const fromMs = Date.parse(at)
    const endMs = runs.findLast((run) => run.fromMs <= fromMs)?.toMs ?? fromMs
    const nextMs = Date.parse(capacities[index + 1]?.at ?? '') || endMs
    return healthy < floor ? sum + Math.max(0, Math.min(nextMs, endMs) - fromMs) : sum
  }, 0)
}

function totalRequests(events: readonly RollEvent[]): Summary['requests'] {
  const loads = events.filter((event) => event.event === 'requests')
  if (loads.length === 0) return undefined
  const total = (key: 'sent' | 'failed') => loads.reduce((sum, load) => sum + load[key], 0)
  return { sent: total('sent'), failed: total('failed') }
}

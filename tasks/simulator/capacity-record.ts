import { floorOf } from '../lib/roll/policy.ts'
import type { Promised } from './floor-guard.ts'
import { countMachines } from './machine-counts.ts'
import type { World, WorldEvent } from './simulated-world.ts'

/** The capacity until the next point. */
export interface CapacityPoint {
  readonly atMs: number
  /** Machines that receive requests and answer them. */
  readonly serving: number
  readonly machines: number
  /** The promise for the size at that moment. */
  readonly floor: number
}

/** The extremes of a group's capacity, as the world sees them. */
export interface CapacityRecord {
  readonly points: readonly CapacityPoint[]
  /** The lowest promised capacity. */
  readonly promisedFloor: number
  /** The same, or lower if faults alone reduced the capacity further. */
  readonly floor: number
  readonly lowestHealthy: number
  readonly highestSize: number
  /** The most machines that the policy allowed. */
  readonly maximumSize: number
  readonly smallestSize: number
  readonly largestSize: number
}

/** Records the capacity from now on, at each look and each change. */
export function recordCapacity(world: World, promised: Promised): CapacityRecord {
  const { serving, machines } = countMachines(world)
  const size = world.record?.size ?? 0
  const points: CapacityPoint[] = []
  const record = {
    points,
    promisedFloor: size,
    floor: size,
    lowestHealthy: serving,
    highestSize: machines,
    maximumSize: 0,
    smallestSize: size,
    largestSize: size,
  }
  let servingBefore = serving
  const note = (event: Pick<WorldEvent, 'call' | 'serving' | 'machines' | 'size'>) => {
    const floor = floorOf(promised, event.size)
    record.promisedFloor = Math.min(record.promisedFloor, floor)
    // A drain or termination is the roll's own doing, unless it could not know better; the guard judges it.
    const isOwn = (event.call === 'drain' || event.call === 'terminate') && world.unseen.serving === 0
    const isLoss = !isOwn && event.serving < servingBefore
    record.floor = Math.min(record.floor, floor, isLoss ? event.serving : floor)
    servingBefore = event.serving
    record.lowestHealthy = Math.min(record.lowestHealthy, event.serving)
    record.highestSize = Math.max(record.highestSize, event.machines)
    record.maximumSize = Math.max(record.maximumSize, event.size + promised.surge)
    record.smallestSize = Math.min(record.smallestSize, event.size)
    record.largestSize = Math.max(record.largestSize, event.size)
    addPoint(points, { atMs: world.clock.now(), serving: event.serving, machines: event.machines, floor })
  }
  note({ call: 'observe', serving, machines, size })
  world.watchers.push(note)
  return record
}

function addPoint(points: CapacityPoint[], point: CapacityPoint): void {
  const { serving, machines, floor } = points.at(-1) ?? {}
  if (serving === point.serving && machines === point.machines && floor === point.floor) return
  points.push(point)
}

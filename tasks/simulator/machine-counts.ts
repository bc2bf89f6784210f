import { isRight, type Machine, servesAt, stateAt } from './simulated-machine.ts'
import type { World } from './simulated-world.ts'

/** Numbers of machines now, as the world sees them. */
export interface MachineCounts {
  /** They receive requests and answer them. */
  serving: number
  /** Serving ones whose answers are right and fast. */
  sound: number
  /** Not terminated by anything. */
  machines: number
}

interface Counted extends MachineCounts {
  nowMs: number
  revision: number
  loadBalancer: World['loadBalancer']
}

const counts = new WeakMap<World, Counted>()

/** Cached while nothing has happened since the last count. */
export function countMachines(world: World): Readonly<MachineCounts> {
  const { revision, loadBalancer } = world
  const nowMs = world.clock.now()
  const before = counts.get(world)
  if (before?.nowMs === nowMs && before.revision === revision && before.loadBalancer === loadBalancer) return before
  const counted: Counted = { serving: 0, sound: 0, machines: 0, nowMs, revision, loadBalancer }
  for (const machine of world.machines) count(counted, machine, 1)
  counts.set(world, counted)
  return counted
}

/** Does the machine receive requests and answer them now? */
export function serves({ loadBalancer, clock }: World, machine: Machine): boolean {
  return loadBalancer === 'running' && servesAt(machine, clock.now())
}

/** Runs `change` on one machine and updates the counts without counting the others. */
export function recounting(world: World, machine: Machine, change: () => void): void {
  const { nowMs, revision, loadBalancer } = countMachines(world) as Counted
  const counted = counts.get(world) as Counted
  const wasThere = world.find(machine.id) !== undefined
  if (wasThere) count(counted, machine, -1)
  change()
  if (world.find(machine.id)) count(counted, machine, 1)
  Object.assign(counted, { nowMs, revision, loadBalancer })
}

function count(counted: Counted, machine: Machine, by: 1 | -1): void {
  if (stateAt(machine, counted.nowMs) !== 'stopped') counted.machines += by
  if (counted.loadBalancer === 'stopped' || !servesAt(machine, counted.nowMs)) return
  counted.serving += by
  if (isRight(machine)) counted.sound += by
}

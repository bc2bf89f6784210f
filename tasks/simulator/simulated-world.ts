import type { Clock } from '../lib/clock.ts'
import type { Probe } from '../lib/evidence.ts'
import type { Image, LockOwner, RollRecord } from '../platforms/platform.ts'
import { answersAt, type Fault, healthAt, type Machine, stateAt } from './simulated-machine.ts'
import { virtualClock } from './virtual-clock.ts'

/** How a simulated world behaves; what is left out is as good as can be. */
export interface WorldOptions {
  readonly clock?: Clock
  /** Newest first. */
  readonly images: readonly Image[]
  /** Boot time of the n-th launch, from 1; 40 s. */
  readonly bootSeconds?: (nth: number) => number
  readonly drainSeconds?: number
  /** What is wrong with the n-th launch, from 1. */
  readonly fault?: (nth: number, imageId: string) => Fault | undefined
  /** Why the n-th launch is refused. */
  readonly refuseLaunch?: (nth: number, nowMs: number) => string | undefined
}

/** What a watcher is told after each observation and each change, from the world's own point of view. */
export interface WorldEvent {
  readonly call: 'observe' | 'launch' | 'drain' | 'terminate' | 'repair'
  /** Did the drained or terminated machine serve until now? */
  readonly servedBefore: boolean
  /** Machines that get requests and answer them. */
  readonly serving: number
  readonly machines: number
  readonly size: number
}

/** The group's record, as a real platform keeps it. */
export interface GroupRecord {
  imageId: string
  previousImageId?: string
  size: number
  roll?: RollRecord
}

/** The state that outlives every client, and the hands to break it with. */
export interface World {
  readonly options: WorldOptions
  readonly clock: Clock
  readonly probe: Probe
  images: Image[]
  machines: Machine[]
  record: GroupRecord | undefined
  loadBalancer: 'running' | 'stopped'
  launches: number
  lock: (LockOwner & { readonly id: number }) | undefined
  readonly deadOwners: Set<string>
  readonly watchers: ((event: WorldEvent) => void)[]
  /** Ends a machine the hard way, or all. */
  kill(id?: string): void
  machine(id: string): Machine
}

/** Opens a world without a group. */
export function simulatedWorld(options: WorldOptions): World {
  const clock = options.clock ?? virtualClock()
  const world: World = {
    options,
    clock,
    probe: async ({ id }, expectedRelease) => {
      const machine = world.machines.find((one) => one.id === id)
      if (!machine) return { ok: false, reason: 'connection refused' }
      return probeMachine(machine, expectedRelease, clock.now())
    },
    images: [...options.images],
    machines: [],
    record: undefined,
    loadBalancer: 'stopped',
    launches: 0,
    lock: undefined,
    deadOwners: new Set(),
    watchers: [],
    kill(id) {
      for (const machine of world.machines) if (id === undefined || machine.id === id) machine.killed = true
    },
    machine(id) {
      const machine = world.machines.find((one) => one.id === id)
      if (!machine) throw new Error(`no simulated machine ${id}`)
      return machine
    },
  }
  return world
}

/** The machines that get requests and answer them now. */
export function servingMachines(world: World): Machine[] {
  const nowMs = world.clock.now()
  if (world.loadBalancer === 'stopped') return []
  const serves = (machine: Machine) => stateAt(machine, nowMs) === 'running' && healthAt(machine, nowMs) === 'healthy'
  return world.machines.filter(serves)
}

function probeMachine(machine: Machine, expectedRelease: string, nowMs: number): Awaited<ReturnType<Probe>> {
  const { parts, fault } = machine
  const upstreamOk = parts.docker === 'active' && parts.container === 'running'
  if (!answersAt(machine, nowMs)) return { ok: false, reason: 'GET /now: no answer', upstreamOk }
  const release = fault.wrongRelease ?? machine.release
  const versionOk = release === expectedRelease
  const clockOk = !fault.wrongClock && parts.time === 'active'
  const reason = versionOk ? 'clock is off by 4 s' : `release ${release}, expected ${expectedRelease}`
  return { ok: versionOk && clockOk, versionOk, clockOk, upstreamOk, ...(versionOk && clockOk ? {} : { reason }) }
}

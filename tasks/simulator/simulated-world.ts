import type { Clock } from '../lib/clock.ts'
import type { Image, InPlace, LockOwner, RollRecord } from '../lib/platform.ts'
import type { Probe } from '../lib/readiness.ts'
import { machineList } from './machine-list.ts'
import { noOutages, type Outages } from './outages.ts'
import { answersAt, type Fault, latencyMs, type Machine, servesAt, type Zone } from './simulated-machine.ts'
import { virtualClock } from './virtual-clock.ts'

/** By default everything works as well as it can. */
export interface WorldOptions {
  readonly clock?: Clock
  /** Newest first. */
  readonly images: readonly Image[]
  /** Default: three. A launch goes to the zone with the fewest machines. */
  readonly zones?: readonly string[]
  /** Boot time of the n-th launch, from 1; default 40 s. */
  readonly bootSeconds?: (nth: number) => number
  readonly drainSeconds?: number
  /** The fault of the n-th launch, from 1, which would boot in `bootSeconds`. */
  readonly fault?: (nth: number, imageId: string, bootSeconds: number) => Fault | undefined
  /** Why the n-th launch is refused. */
  readonly refuseLaunch?: (nth: number, nowMs: number) => string | undefined
}

/** Sent to watchers after each observation and each change, as the world sees it. */
export interface WorldEvent {
  /** `fault`: something happened without the platform's doing. */
  readonly call: 'observe' | 'launch' | 'drain' | 'terminate' | 'repair' | 'fault'
  /** The machine that was drained or terminated, if it was there. */
  readonly machine?: Machine | undefined
  /** Did the drained or terminated machine serve until now? */
  readonly servedBefore: boolean
  /** Were requests running on a terminated machine that was draining? */
  readonly wasBusy: boolean
  /** Machines that receive requests and answer them. */
  readonly serving: number
  /** Serving ones whose answers are right and fast. */
  readonly sound: number
  /** Machines not terminated. */
  readonly machines: number
  readonly size: number
}

/** Changes since a client last looked, which clients do not know yet. */
export interface Unseen {
  /** The size at the last look. */
  size: number
  /** Machines that stopped serving by faults since then. */
  serving: number
  sound: number
}

/** The group's record, as a real platform keeps it. */
export interface GroupRecord {
  imageId: string
  previousImageId?: string
  size: number
  roll?: RollRecord
  inPlace?: InPlace
}

/** A machine that left the group's capacity and still exists. */
export interface Aside {
  readonly id: string
  readonly because: string
}

/** The state that outlives every client, and the means to break it. */
export interface World {
  readonly options: WorldOptions
  readonly clock: Clock
  readonly probe: Probe
  readonly zones: readonly Zone[]
  readonly outages: Outages
  images: Image[]
  /** In the order of their launch. */
  machines: Machine[]
  readonly aside: Aside[]
  record: GroupRecord | undefined
  loadBalancer: 'running' | 'stopped'
  launches: number
  readonly unseen: Unseen
  /** Calls that changed something. */
  steps: number
  lock: (LockOwner & { readonly id: number }) | undefined
  readonly deadOwners: Set<string>
  readonly watchers: ((event: WorldEvent) => void)[]
  /** Changes with every modification that did not go through the platform. */
  revision: number
  /** Kills one machine, or all. */
  kill(id?: string): void
  /** Mutable. */
  machine(id: string): Machine
  find(id: string): Machine | undefined
  add(machine: Machine): void
  remove(id: string): void
  emptiestZone(): Zone
}

export function simulatedWorld(options: WorldOptions): World {
  const clock = options.clock ?? virtualClock()
  const zones = (options.zones ?? ['zone-a', 'zone-b', 'zone-c']).map((name): Zone => ({ name, goneUntilMs: 0 }))
  const list = machineList(zones)
  const world: World = {
    options,
    clock,
    zones,
    outages: noOutages(),
    aside: [],
    record: undefined,
    loadBalancer: 'stopped',
    launches: 0,
    steps: 0,
    lock: undefined,
    deadOwners: new Set(),
    watchers: [],
    revision: 0,
    unseen: { size: 0, serving: 0, sound: 0 },
    machines: [],
    images: [...options.images],
    probe: async ({ id }, expectedRelease) => {
      const machine = list.find(id)
      if (!machine) return { ok: false, reason: 'connection refused' }
      return probeMachine(machine, expectedRelease, clock.now())
    },
    kill(id) {
      world.revision += 1
      for (const machine of list.all()) if (id === undefined || machine.id === id) machine.killed = true
    },
    machine(id) {
      const machine = list.find(id)
      if (!machine) throw new Error(`no simulated machine ${id}`)
      world.revision += 1
      return machine
    },
    find: list.find,
    add: list.add,
    remove: list.remove,
    emptiestZone: list.emptiestZone,
  }
  Object.defineProperty(world, 'machines', {
    enumerable: true,
    get: list.all,
    set(machines: readonly Machine[]) {
      world.revision += 1
      list.replaceAll(machines)
    },
  })
  return world
}

/** Machines that receive requests and answer them now. */
export function servingMachines(world: World): Machine[] {
  const nowMs = world.clock.now()
  return world.loadBalancer === 'stopped' ? [] : world.machines.filter((machine) => servesAt(machine, nowMs))
}

function probeMachine(machine: Machine, expectedRelease: string, nowMs: number): Awaited<ReturnType<Probe>> {
  const { parts, fault } = machine
  const upstreamOk = parts.docker === 'active' && parts.container === 'running'
  if (!answersAt(machine, nowMs)) return { ok: false, reason: 'no answer', upstreamOk }
  const release = fault.wrongRelease ?? machine.inPlace?.release ?? machine.release
  const versionOk = release === expectedRelease
  const clockOk = !fault.wrongClock && parts.time === 'active'
  const found = { versionOk, clockOk, upstreamOk, latencyMs: latencyMs(machine) }
  if (versionOk && clockOk) return { ok: true, ...found }
  return {
    ok: false,
    ...found,
    reason: versionOk ? 'clock is off by 4 s' : `release ${release}, expected ${expectedRelease}`,
  }
}

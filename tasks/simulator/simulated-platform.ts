import { OperatorError } from '../lib/errors.ts'
import type { Group, Platform } from '../lib/platform.ts'
import { countMachines, recounting, serves } from './machine-counts.ts'
import { refuseControl, refuseLaunch, refuseWrite } from './outages.ts'
import { takeLock } from './simulated-lock.ts'
import { asInstance, healthAt, type Machine, stateAt } from './simulated-machine.ts'
import type { GroupRecord, World, WorldEvent } from './simulated-world.ts'

/** One client of a simulated world. Clients share everything but their name, which owns their locks. */
export function simulatedPlatform(world: World, owner = 'client-1'): Platform {
  return {
    name: 'simulator',
    images: async () => [...world.images],
    removeImage: async (id) => {
      world.images = world.images.filter((image) => image.id !== id)
    },
    group: async () => {
      Object.assign(world.unseen, { size: world.record?.size ?? 0, serving: 0, sound: 0 })
      tellWatchers(world, 'observe')
      return describe(world)
    },
    createGroup: async (imageId, size) => {
      world.record = { imageId, size }
      world.loadBalancer = 'running'
    },
    updateGroup: async ({ roll, inPlace, ...change }) => {
      refuseWrite(world.outages, world.clock.now())
      Object.assign(existing(world), change, roll ? { roll } : {}, inPlace ? { inPlace } : {})
      if (roll === null) delete existing(world).roll
      if (inPlace === null) delete existing(world).inPlace
      world.steps += 1
    },
    repairLoadBalancer: async () => {
      refuseControl(world.outages, world.clock.now())
      const mended = repairLoadBalancer(world)
      if (mended.length > 0) world.steps += 1
      tellWatchers(world, 'repair')
      return mended
    },
    removeGroup: async () => {
      if (world.machines.length > 0) throw new Error('removeGroup: instances are left')
      world.record = undefined
      world.loadBalancer = 'stopped'
    },
    leftovers: async () => (world.record ? ['simulated'] : []),
    launch: async (count) => launchSeveral(world, count),
    drain: async (id) => drain(world, id),
    terminate: async (id) => terminate(world, id),
    consoleOutput: async (id) => `simulated console of ${id}\n`,
    sshArguments: async (id) => ['-p', '22', `admin@${id}.simulated`],
    lock: async (verb) => takeLock(world, verb, owner),
    lockOwner: async () => world.lock && { verb: world.lock.verb, owner: world.lock.owner, since: world.lock.since },
  }
}

/** Notifies all watchers of the current state. */
export function tellWatchers(world: World, call: WorldEvent['call'], about: Partial<WorldEvent> = {}): void {
  if (world.watchers.length === 0) return
  const { serving, sound, machines } = countMachines(world)
  const event = { call, servedBefore: false, wasBusy: false, serving, sound, machines, size: world.record?.size ?? 0 }
  for (const watcher of world.watchers) watcher({ ...event, ...about })
}

function describe(world: World): Group | undefined {
  if (!world.record) return undefined
  const nowMs = world.clock.now()
  const isBalanced = world.loadBalancer === 'running'
  return {
    name: 'simulated',
    ...world.record,
    url: 'http://simulated',
    loadBalancer: world.loadBalancer,
    instances: world.machines.map((machine) => asInstance(machine, nowMs, isBalanced)),
    ...(world.aside.length > 0 ? { aside: [...world.aside] } : {}),
  }
}

function existing(world: World): GroupRecord {
  if (!world.record) throw new OperatorError('failed', 'there is no group')
  return world.record
}

/** Machines launched before a refusal stay. */
function launchSeveral(world: World, count: number): string[] {
  const ids: string[] = []
  world.outages.isRefusing = true
  try {
    while (ids.length < count) ids.push(launch(world))
    world.outages.isRefusing = false
  } finally {
    if (ids.length > 0) world.steps += 1
    if (ids.length > 0) tellWatchers(world, 'launch')
  }
  return ids
}

function launch(world: World): string {
  const { imageId } = existing(world)
  const { options, clock, outages } = world
  world.launches += 1
  const refusal = options.refuseLaunch?.(world.launches, clock.now())
  if (refusal) throw new OperatorError('failed', refusal)
  refuseLaunch(outages, countMachines(world).machines, clock.now())
  const natural = options.bootSeconds?.(world.launches) ?? 40
  const fault = options.fault?.(world.launches, imageId, natural) ?? {}
  const bootSeconds = natural * (fault.bootFactor ?? 1)
  const machine: Machine = {
    id: `m${world.launches}`,
    imageId,
    release: world.images.find((image) => image.id === imageId)?.release ?? 'unknown',
    zone: world.emptiestZone(),
    launchedMs: clock.now(),
    bootSeconds,
    fault,
    killed: false,
    isProtected: false,
    parts: { nginx: 'active', docker: 'active', container: 'running', time: 'active', ssh: 'reachable' },
    readyMs: clock.now() + bootSeconds * 1000,
    registeredMs: clock.now(),
  }
  recounting(world, machine, () => world.add(machine))
  return machine.id
}

function drain(world: World, id: string): void {
  const nowMs = world.clock.now()
  refuseControl(world.outages, nowMs)
  const machine = world.find(id)
  if (!machine) throw new OperatorError('failed', `there is no machine ${id} to drain`)
  const servedBefore = serves(world, machine)
  const drainedMs = machine.drainedMs ?? nowMs + (world.options.drainSeconds ?? 5) * 1000
  recounting(world, machine, () => Object.assign(machine, { drainedMs }))
  world.steps += 1
  tellWatchers(world, 'drain', { machine, servedBefore })
}

function terminate(world: World, id: string): void {
  const machine = world.find(id)
  if (!machine) {
    tellWatchers(world, 'terminate')
    return
  }
  const nowMs = world.clock.now()
  const servedBefore = serves(world, machine)
  const isUp = stateAt(machine, nowMs) === 'running' && nowMs >= machine.zone.goneUntilMs
  const wasBusy = isUp && world.loadBalancer === 'running' && healthAt(machine, nowMs) === 'draining'
  recounting(world, machine, () => world.remove(id))
  world.steps += 1
  tellWatchers(world, 'terminate', { machine, servedBefore, wasBusy })
}

function repairLoadBalancer(world: World): string[] {
  const nowMs = world.clock.now()
  const lost = world.machines.filter((one) => stateAt(one, nowMs) !== 'stopped' && healthAt(one, nowMs) === 'unused')
  const mended = lost.map((machine) => `registered ${machine.id} again`)
  for (const machine of lost) {
    machine.registeredMs = nowMs
    machine.drainedMs = undefined
  }
  if (world.loadBalancer === 'stopped') mended.unshift('started the load balancer')
  world.loadBalancer = 'running'
  world.revision += 1
  return mended
}

import { OperatorError } from '../lib/errors.ts'
import type { Group, Lock, Platform } from '../platforms/platform.ts'
import { asInstance, healthAt, type Machine, stateAt } from './simulated-machine.ts'
import { type GroupRecord, servingMachines, type World, type WorldEvent } from './simulated-world.ts'

let lockIds = 0

/** One client of a simulated world. Clients share everything but their name, which owns the locks they take. */
export function simulatedPlatform(world: World, owner = 'client-1'): Platform {
  const tell = (call: WorldEvent['call'], servedBefore = false) => {
    const { machines, record } = world
    const event = { call, servedBefore, serving: servingMachines(world).length, machines: machines.length }
    for (const watcher of world.watchers) watcher({ ...event, size: record?.size ?? 0 })
  }
  const serves = (id: string) => servingMachines(world).some((machine) => machine.id === id)
  return {
    name: 'simulator',
    images: async () => [...world.images],
    removeImage: async (id) => {
      world.images = world.images.filter((image) => image.id !== id)
    },
    group: async () => {
      tell('observe')
      return describe(world)
    },
    createGroup: async (imageId, size) => {
      world.record = { imageId, size }
      world.loadBalancer = 'running'
    },
    updateGroup: async ({ roll, ...change }) => {
      Object.assign(existing(world), change, roll ? { roll } : {})
      if (roll === null) delete existing(world).roll
    },
    repairLoadBalancer: async () => {
      const mended = repairLoadBalancer(world)
      tell('repair')
      return mended
    },
    removeGroup: async () => {
      if (world.machines.length > 0) throw new Error('removeGroup: instances are left')
      world.record = undefined
      world.loadBalancer = 'stopped'
    },
    leftovers: async () => (world.record ? ['simulated'] : []),
    launch: async (count) => {
      const ids = Array.from({ length: count }, () => launch(world))
      tell('launch')
      return ids
    },
    drain: async (id) => {
      const served = serves(id)
      const nowMs = world.clock.now()
      world.machine(id).drainedMs ??= nowMs + (world.options.drainSeconds ?? 5) * 1000
      tell('drain', served)
    },
    terminate: async (id) => {
      const served = serves(id)
      world.machines = world.machines.filter((machine) => machine.id !== id)
      tell('terminate', served)
    },
    consoleOutput: async (id) => `simulated console of ${id}\n`,
    sshArguments: async (id) => ['-p', '22', `admin@${id}.simulated`],
    lock: async (verb) => takeLock(world, verb, owner),
    lockOwner: async () => world.lock && { verb: world.lock.verb, owner: world.lock.owner, since: world.lock.since },
  }
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
  }
}

function existing(world: World): GroupRecord {
  if (!world.record) throw new OperatorError('failed', 'there is no group')
  return world.record
}

function launch(world: World): string {
  const { imageId } = existing(world)
  const { options, clock } = world
  world.launches += 1
  const refusal = options.refuseLaunch?.(world.launches, clock.now())
  if (refusal) throw new OperatorError('failed', refusal)
  const bootSeconds = options.bootSeconds?.(world.launches) ?? 40
  const machine: Machine = {
    id: `m${world.launches}`,
    imageId,
    release: world.images.find((image) => image.id === imageId)?.release ?? 'unknown',
    launchedMs: clock.now(),
    bootSeconds,
    fault: options.fault?.(world.launches, imageId) ?? {},
    parts: { nginx: 'active', docker: 'active', container: 'running', time: 'active', ssh: 'reachable' },
    killed: false,
    readyMs: clock.now() + bootSeconds * 1000,
    registeredMs: clock.now(),
  }
  world.machines.push(machine)
  return machine.id
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
  return mended
}

function takeLock(world: World, verb: string, owner: string): Awaited<ReturnType<Platform['lock']>> {
  const held = world.lock
  if (held && !world.deadOwners.has(held.owner)) {
    throw new OperatorError('refused', `locked by ${held.verb} of ${held.owner} since ${held.since}`)
  }
  lockIds += 1
  const id = lockIds
  world.lock = { id, verb, owner, since: new Date(world.clock.now()).toISOString() }
  const release: Lock['release'] = async () => {
    if (world.lock?.id === id) world.lock = undefined
  }
  return held ? { release, takenOver: { verb: held.verb, owner: held.owner, since: held.since } } : { release }
}

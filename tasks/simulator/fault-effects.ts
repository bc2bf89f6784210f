import type { KillMoment } from './crash.ts'
import type { FaultName } from './fault-text.ts'
import { pick } from './random.ts'
import { type Fault, healthCheckSeconds, type Machine, stateAt } from './simulated-machine.ts'
import type { World } from './simulated-world.ts'

/** Effects that wait for a later event. */
export interface Pending {
  /** Faults of the next launched machines, one each. */
  readonly flaws: ((bootSeconds: number) => Fault)[]
  /** How many old machines the platform will still end to balance the zones. */
  rebalances: number
  /** How to kill the client at its next call. */
  killing: KillMoment | undefined
}

/** The situation in which a fault happens. */
export interface Scene {
  readonly world: World
  readonly random: () => number
  readonly pending: Pending
  /** An image that no roll targets. */
  readonly otherImageId: string
  /** Called with every machine that suffers. */
  readonly harm: (machine: Machine) => void
}

/** Causes a fault and describes it. */
export type Effect = (scene: Scene) => string

export const effects: Record<FaultName, Effect> = {
  'never-boots': flawed(() => () => ({ neverBoots: true })),
  'never-healthy': flawed(() => () => ({ neverHealthy: true })),
  'wrong-release': flawed(() => () => ({ wrongRelease: '0.0.0' })),
  'clock-off': flawed(() => () => ({ wrongClock: true })),
  'slow-start': flawed(() => () => ({ bootFactor: 5 })),
  slow: flawed(() => () => ({ latencyFactor: 20 })),
  flapping: flawed((random) => {
    const flapSeconds = 5 + Math.floor(random() * 15)
    return () => ({ flapSeconds })
  }),
  'dies-before-ready': flawed(() => (bootSeconds) => ({ diesAfterSeconds: bootSeconds * 0.75 })),
  'dies-accepted': flawed((random) => {
    const livesSeconds = healthCheckSeconds + 5 + random() * 60
    return (bootSeconds) => ({ diesAfterSeconds: bootSeconds + livesSeconds })
  }),
  capacity: ({ world, random }) =>
    refuseLaunches(world, 'there is no capacity for this type of machine', aWhileMs(random)),
  quota: ({ world }) => refuseLaunches(world, 'the quota of machines is reached', Number.POSITIVE_INFINITY),
  'at-maximum': ({ world }) => {
    world.outages.maximum = world.record?.size ?? 0
    return `the group may have ${world.outages.maximum} machines at most`
  },
  spot: onOneMachine((machine) => {
    machine.killed = true
    return 'was ended by the platform'
  }),
  standby: onOneMachine((machine, world) => leave(world, machine, 'it is in standby')),
  detached: onOneMachine((machine, world) => leave(world, machine, 'it is being detached')),
  protected: ({ world, random }) => {
    const machine = pick(alive(world), random)
    if (machine) machine.isProtected = true
    return `${machine?.id ?? 'no machine'} is protected from scale-in`
  },
  scaled: ({ world, random }) => scale(world, random),
  'image-changed': ({ world, otherImageId }) => {
    if (world.record) world.record.imageId = otherImageId
    return `somebody changed the image of the group to ${otherImageId}`
  },
  rebalance: ({ pending }) => {
    pending.rebalances += 1
    return 'the platform wants to balance the zones at the next launch'
  },
  'balancer-down': ({ world, random }) => {
    const ms = aWhileMs(random)
    world.outages.controlUntilMs = Math.max(world.outages.controlUntilMs, world.clock.now() + ms)
    return `the control channel of the load balancer is down for ${ms / 1000} s`
  },
  'balancer-stopped': ({ world }) => {
    world.loadBalancer = 'stopped'
    return 'the load balancer stopped'
  },
  'disk-full': ({ world, random }) => {
    const ms = aWhileMs(random)
    world.outages.diskUntilMs = Math.max(world.outages.diskUntilMs, world.clock.now() + ms)
    return `the record of the group cannot be written for ${ms / 1000} s`
  },
  'zone-gone': ({ world, random, harm }) => {
    const zone = pick(world.zones, random)
    if (!zone) return 'there is no zone'
    const ms = aWhileMs(random)
    zone.goneUntilMs = Math.max(zone.goneUntilMs, world.clock.now() + ms)
    for (const machine of world.machines) if (machine.zone === zone) harm(machine)
    return `the network of ${zone.name} is gone for ${ms / 1000} s`
  },
  killed: ({ pending, random }) => {
    pending.killing = random() < 0.5 ? 'before' : 'after'
    return `the client is killed ${pending.killing} its next call has an effect`
  },
}

/** Ends an old machine of the fullest zone, as Auto Scaling does when it balances zones. */
export function rebalance(
  { world, pending, harm }: Omit<Scene, 'random'>,
  isOld: (machine: Machine) => boolean,
): string | undefined {
  const perZone = world.zones.map((zone) => alive(world).filter((one) => one.zone === zone))
  const fullest = perZone.reduce((a, b) => (b.length > a.length ? b : a), [])
  const machine = fullest.find((one) => isOld(one) && !one.isProtected)
  if (!machine) return undefined
  pending.rebalances -= 1
  harm(machine)
  world.remove(machine.id)
  world.revision += 1
  return `the platform ended ${machine.id} to balance ${machine.zone.name}`
}

function flawed(draw: (random: () => number) => (bootSeconds: number) => Fault): Effect {
  return ({ pending, random }) => {
    pending.flaws.push(draw(random))
    return 'waits for the next machine that is launched'
  }
}

function onOneMachine(change: (machine: Machine, world: World) => string): Effect {
  return ({ world, random, harm }) => {
    const machine = pick(alive(world), random)
    if (!machine) return 'there is no machine'
    harm(machine)
    return `${machine.id} ${change(machine, world)}`
  }
}

function leave(world: World, { id }: Machine, because: string): string {
  world.remove(id)
  world.aside.push({ id, because })
  return `left the capacity: ${because}`
}

function refuseLaunches(world: World, because: string, ms: number): string {
  const untilMs = world.clock.now() + ms
  if (untilMs > world.outages.launchUntilMs)
    Object.assign(world.outages, { launchUntilMs: untilMs, launchBecause: because })
  return `${because}${Number.isFinite(ms) ? ` for ${ms / 1000} s` : ''}`
}

function scale({ record }: World, random: () => number): string {
  if (!record) return 'there is no group'
  const by = 1 + Math.floor(random() * Math.max(1, record.size / 10))
  const size = random() < 0.5 || record.size <= by ? record.size + by : record.size - by
  const words = `somebody scaled the group from ${record.size} to ${size}`
  record.size = size
  return words
}

function alive(world: World): Machine[] {
  return world.machines.filter((machine) => stateAt(machine, world.clock.now()) !== 'stopped')
}

/** From 30 s to 5 min, in whole seconds. */
function aWhileMs(random: () => number): number {
  return (30 + Math.floor(random() * 271)) * 1000
}

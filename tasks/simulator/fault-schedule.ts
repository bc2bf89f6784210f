import type { KillMoment } from './crash.ts'
import { effects, type Pending, rebalance } from './fault-effects.ts'
import type { FaultName, FaultWord, Moment } from './fault-text.ts'
import { countMachines } from './machine-counts.ts'
import { randomFor } from './random.ts'
import type { Fault, Machine } from './simulated-machine.ts'
import { tellWatchers } from './simulated-platform.ts'
import type { World } from './simulated-world.ts'

export interface PlannedFault {
  readonly name: FaultName
  readonly moment: Moment
}

export interface Mishap {
  readonly atMs: number
  readonly name: FaultName
  readonly what: string
}

/** Causes the faults of a schedule at their moments. */
export interface FaultSchedule {
  /** Runs before each call of a client: causes what is due. Returns how the client is killed at this call. */
  readonly beforeCall: () => KillMoment | undefined
  /** The fault of the machine that is being launched. */
  readonly flawOf: (bootSeconds: number) => Fault | undefined
  /** Stops all further faults. */
  readonly calmDown: () => void
  readonly mishaps: readonly Mishap[]
  /** Faults that are not due yet. */
  readonly waiting: readonly PlannedFault[]
  /** Machines that suffered from a fault. */
  readonly harmed: ReadonlySet<string>
}

/** One entry per fault; a missing moment is a number of steps drawn from the seed, within a calm roll of `size`. */
export function planFaults(words: readonly FaultWord[], size: number, seed: number): PlannedFault[] {
  const random = randomFor(seed, 'moments')
  return words.flatMap(({ name, count, moment }) =>
    Array.from({ length: count }, () => ({ name, moment: moment ?? { steps: Math.floor(random() * (2 * size + 1)) } })),
  )
}

/** For a group that serves and is about to be rolled. */
export function openSchedule(
  world: World,
  planned: readonly PlannedFault[],
  { seed, otherImageId }: { readonly seed: number; readonly otherImageId: string },
): FaultSchedule {
  const old = new Set(world.machines.map(({ id }) => id))
  const size = old.size
  const harmed = new Set<string>()
  const mishaps: Mishap[] = []
  const pending: Pending = { flaws: [], rebalances: 0, killing: undefined }
  let waiting = planned.map((fault, index) => ({ ...fault, random: randomFor(seed, `${index} ${fault.name}`) }))
  const harm = ({ id }: Machine) => void harmed.add(id)
  const scene = { world, pending, otherImageId, harm }
  const happen = (name: FaultName, effect: () => string | undefined) => {
    const { serving, sound } = countMachines(world)
    const what = effect()
    if (what === undefined) return
    world.revision += 1
    world.unseen.serving += Math.max(0, serving - countMachines(world).serving)
    world.unseen.sound += Math.max(0, sound - countMachines(world).sound)
    mishaps.push({ atMs: world.clock.now(), name, what })
    for (const id of harmed) if (!world.find(id)) old.delete(id)
    tellWatchers(world, 'fault')
  }
  world.watchers.push(({ call, machine }) => {
    if (call === 'terminate' && machine) old.delete(machine.id)
    if (call !== 'launch' || pending.rebalances === 0) return
    happen('rebalance', () => rebalance(scene, ({ id }) => old.has(id)))
  })
  const isDue = ({ moment }: PlannedFault) =>
    'steps' in moment ? world.steps >= moment.steps : 100 * (size - old.size) >= moment.percent * size
  return {
    mishaps,
    harmed,
    get waiting() {
      return waiting
    },
    beforeCall() {
      const due = waiting.filter(isDue)
      if (due.length > 0) waiting = waiting.filter((fault) => !due.includes(fault))
      for (const { name, random } of due) happen(name, () => effects[name]({ ...scene, random }))
      const { killing } = pending
      pending.killing = undefined
      return killing
    },
    calmDown() {
      waiting = []
      Object.assign(pending, { rebalances: 0, killing: undefined })
      pending.flaws.length = 0
    },
    flawOf(bootSeconds) {
      const flaw = pending.flaws.shift()
      if (flaw || world.emptiestZone().goneUntilMs > world.clock.now()) harmed.add(`m${world.launches}`)
      return flaw?.(bootSeconds)
    },
  }
}

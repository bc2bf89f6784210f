import type { RollEvent } from '../lib/roll/events.ts'
import { type CapacityRecord, recordCapacity } from './capacity-record.ts'
import { type FaultSchedule, openSchedule, planFaults } from './fault-schedule.ts'
import { parseFaults } from './fault-text.ts'
import { guardFloor } from './floor-guard.ts'
import { parsePolicy } from './policy-text.ts'
import { lognormalSeconds, randomFor } from './random.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import { simulatedWorld, type World } from './simulated-world.ts'
import { runToTheEnd, type SimulatedEnd, type Stage } from './simulation-run.ts'
import {
  bootTimes,
  newImageId,
  oldImageId,
  otherImageId,
  type SimulationTask,
  simulatedDrainSeconds,
  simulatedImages,
} from './simulation-task.ts'

/** A simulated roll and everything that was recorded of it. */
export interface Simulation extends Stage, SimulatedEnd {
  readonly startMs: number
  readonly endMs: number
  /** Machines before the roll. */
  readonly old: number
  readonly capacity: CapacityRecord
  /** Broken promises, one line each. */
  readonly violations: readonly string[]
}

/** Rolls a simulated group with the real engine. Throws usage errors, and `interrupted`. */
export async function simulateRoll(task: SimulationTask): Promise<Simulation> {
  const { instances, seed } = task
  const policy = parsePolicy(task.policy, instances)
  const planned = planFaults(parseFaults(task.faults), instances, seed)
  let schedule: FaultSchedule | undefined
  const world = await servingWorld(task, (bootSeconds) => schedule?.flawOf(bootSeconds))
  schedule = openSchedule(world, planned, { seed, otherImageId })
  const capacity = recordCapacity(world, policy)
  const broken = guardFloor(world, policy)
  const startMs = world.clock.now()
  const events: RollEvent[] = []
  const stage = { task, world, policy, schedule, events }
  const end = await runToTheEnd(stage)
  const endMs = world.clock.now()
  const violations = [...broken, ...wrongEnd(stage, end)]
  return { ...stage, ...end, startMs, endMs, old: instances, capacity, violations }
}

/** A group on the old image, all instances serving. */
async function servingWorld({ instances, seed }: SimulationTask, flawOf: FaultSchedule['flawOf']): Promise<World> {
  const boots = lognormalSeconds(bootTimes.median, bootTimes.sigma, randomFor(seed, 'boots'))
  const world = simulatedWorld({
    images: simulatedImages,
    bootSeconds: (nth) => (nth <= instances ? 1 : boots()),
    drainSeconds: simulatedDrainSeconds,
    fault: (_nth, _imageId, bootSeconds) => flawOf(bootSeconds),
  })
  const platform = simulatedPlatform(world)
  await platform.createGroup(oldImageId, instances)
  await platform.launch(instances)
  await world.clock.sleep(60_000)
  world.steps = 0
  return world
}

/** Every roll ends with all instances new, all as before, or a call for a person; and it leaves no lock. */
export function wrongEnd({ world, schedule }: Stage, { outcome }: SimulatedEnd): string[] {
  const { machines, record, lock, clock } = world
  const wrong = lock ? ['the lock is still held'] : []
  if (outcome === 'rolled' || outcome === 'rolled-back') {
    const image = outcome === 'rolled' ? newImageId : oldImageId
    const others = machines.filter(({ imageId }) => imageId !== image).length
    if (others > 0) wrong.push(`${others} machines are not on ${image}`)
    if (record?.roll) wrong.push('the record of the roll is still there')
    // A roll cannot repair what failed at the last moment.
    const isQuiet = schedule.mishaps.at(-1)?.atMs !== clock.now()
    if (isQuiet && machines.length !== record?.size) wrong.push(`${machines.length} machines, not ${record?.size}`)
  }
  return wrong.map((what) => `at the end, ${outcome}: ${what}`)
}

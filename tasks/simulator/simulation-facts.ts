import type { RollEvent } from '../lib/roll/events.ts'
import { type BoundTask, lowerBoundSeconds } from './lower-bound.ts'
import { lognormalSeconds, randomFor } from './random.ts'
import { healthCheckSeconds } from './simulated-machine.ts'
import type { Simulation } from './simulation.ts'
import { bootTimes, newImageId, simulatedDrainSeconds } from './simulation-task.ts'

/** The output of `simulate --json`. */
export function simulationFacts(simulation: Simulation): Record<string, unknown> {
  const { task, outcome, reason, startMs, endMs, capacity, world, violations, pauses, kills, schedule } = simulation
  const { floor, promisedFloor, lowestHealthy, highestSize, maximumSize } = capacity
  return {
    outcome,
    ...(reason === undefined ? {} : { reason }),
    makespanSeconds: (endMs - startMs) / 1000,
    lowerBoundSeconds: Math.round(boundOf(simulation) * 1000) / 1000,
    floor,
    promisedFloor,
    lowestHealthy,
    highestSize,
    maximumSize,
    violations,
    steps: world.steps,
    pauses,
    kills,
    faults: schedule.mishaps.map(({ atMs, name, what }) => ({ atSeconds: (atMs - startMs) / 1000, name, what })),
    faultsWaiting: schedule.waiting.length,
    seed: task.seed,
    instances: task.instances,
    bootSeconds: bootTimes,
  }
}

/** Notable events in order, each after the seconds since the start. */
export function notableEvents({ events, schedule, startMs }: Simulation): string[] {
  const told = [
    ...schedule.mishaps.map(({ atMs, name, what }) => ({ atMs, text: `fault ${name}: ${what}` })),
    ...events.flatMap((event) => {
      const text = notable(event)
      return text === undefined ? [] : [{ atMs: Date.parse(event.at), text }]
    }),
  ]
  return told
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${String(Math.round((atMs - startMs) / 1000)).padStart(7)} s  ${text}`)
}

const everydaySteps = new Set(['launch', 'drain', 'terminate', 'accept', 'wait', 'finish'])

function notable(event: RollEvent): string | undefined {
  if (event.event === 'warning') return event.message
  if (event.event !== 'step' || everydaySteps.has(event.step)) return undefined
  return `${event.step}${event.instanceId === undefined ? '' : ` ${event.instanceId}`}: ${event.because}`
}

/** Faults that refuse launches, so that instances may be missing for lack of room. */
const refusing: ReadonlySet<string> = new Set(['capacity', 'quota', 'at-maximum', 'balancer-down'])

/**
 * The bound of `lowerBoundSeconds` for what happened. A machine that suffered a fault may have made room earlier than
 * any in a calm roll, so each adds one place; so does each place that somebody added by scaling the group.
 */
export function boundOf(simulation: Simulation): number {
  const { policy, capacity, schedule, world, outcome, old } = simulation
  const harmed = schedule.harmed.size
  const isCalm = harmed === 0 && capacity.smallestSize === capacity.largestSize
  const common = { healthCheckSeconds, drainSeconds: simulatedDrainSeconds }
  if (outcome !== 'rolled') return lowerBoundSeconds({ ...common, ...calmTask(simulation) })
  const hasRoom = policy.surge > 0 && !schedule.mishaps.some(({ name }) => refusing.has(name))
  return lowerBoundSeconds({
    ...common,
    bootSeconds: world.machines.filter(({ imageId }) => imageId === newImageId).map((machine) => machine.bootSeconds),
    old: old - harmed,
    surge: policy.surge + harmed + capacity.largestSize - old,
    maxUnavailable: (hasRoom ? 0 : policy.maxUnavailable) + old - capacity.smallestSize,
    checkpoints: isCalm ? checkpointsOf(simulation) : [],
  })
}

/** A roll without faults, with the boot times of the seed. */
function calmTask({ task, policy, old }: Simulation): Pick<BoundTask, 'bootSeconds' | 'surge' | 'maxUnavailable'> {
  const draw = lognormalSeconds(bootTimes.median, bootTimes.sigma, randomFor(task.seed, 'boots'))
  const maxUnavailable = policy.surge > 0 ? 0 : policy.maxUnavailable
  return { bootSeconds: Array.from({ length: old }, draw), surge: policy.surge, maxUnavailable }
}

function checkpointsOf({ policy, old }: Simulation): NonNullable<BoundTask['checkpoints']> {
  const { canary, canaryWatchSeconds, pauseAt, pauseSeconds = 0 } = policy
  const canaries = canary > 0 ? [{ count: Math.min(canary, old), seconds: canaryWatchSeconds, isWhole: false }] : []
  // Canaries are launched together, even if pause points are below their number.
  const pauses = pauseAt
    .filter((at) => at < old && at > canary)
    .map((count) => ({ count, seconds: pauseSeconds, isWhole: true }))
  return [...canaries, ...pauses]
}

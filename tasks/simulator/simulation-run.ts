import { type FailureKind, OperatorError } from '../lib/errors.ts'
import type { RollEvent } from '../lib/roll/events.ts'
import type { RollPolicy } from '../lib/roll/policy.ts'
import { rollGroup } from '../lib/roll/roll.ts'
import { ClientKilled, killable } from './crash.ts'
import type { FaultSchedule } from './fault-schedule.ts'
import { recordedProgress } from './recorded-progress.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import type { World } from './simulated-world.ts'
import { newImageId, type SimulationTask } from './simulation-task.ts'

export interface Stage {
  readonly task: SimulationTask
  readonly world: World
  readonly policy: RollPolicy
  readonly schedule: FaultSchedule
  /** Receives the steps and warnings of the roll. */
  readonly events: RollEvent[]
}

export interface SimulatedEnd {
  readonly outcome: 'rolled' | 'rolled-back' | 'paused' | 'failed'
  readonly reason?: string | undefined
  /** Of `failed`. */
  readonly failure?: FailureKind | undefined
  readonly pauses: number
  readonly kills: number
}

/** Rolls as a user would: repeats the command after a pause or a kill. */
export async function runToTheEnd(stage: Stage): Promise<SimulatedEnd> {
  let [pauses, kills] = [0, 0]
  while (true) {
    try {
      const { outcome, reason } = await runOnce(stage, `client-${pauses + kills + 1}`)
      if (outcome === 'rolled' || outcome === 'rolled-back') return { outcome, reason, pauses, kills }
      if (outcome !== 'paused') return { outcome: 'failed', reason: `it ended as ${outcome}`, pauses, kills }
      pauses += 1
      // Pause points are finite; a roll that never gets past them is reported as it is.
      if (pauses > stage.policy.pauseAt.length + kills) return { outcome, reason, pauses, kills }
    } catch (error) {
      if (error instanceof ClientKilled) kills += 1
      else if (error instanceof OperatorError && error.kind !== 'interrupted') {
        return { outcome: 'failed', reason: error.message, failure: error.kind, pauses, kills }
      } else throw error
    }
  }
}

/** Ends every outage, as a person on call would, and runs the same command again, patiently. */
export async function carryOn({ world, schedule, ...stage }: Stage): Promise<SimulatedEnd> {
  Object.assign(world.outages, {
    launchUntilMs: 0,
    maximum: Number.POSITIVE_INFINITY,
    controlUntilMs: 0,
    diskUntilMs: 0,
  })
  for (const zone of world.zones) zone.goneUntilMs = 0
  world.revision += 1
  schedule.calmDown()
  const policy = { ...stage.policy, instanceTimeoutSeconds: 600, timeoutSeconds: 86_400 }
  return runToTheEnd({ ...stage, world, schedule, policy })
}

function runOnce({ task, world, policy, schedule, events }: Stage, owner: string) {
  const { onEvent, signal, onCall } = task
  const platform = killable(world, simulatedPlatform(world, owner), owner, () => {
    onCall?.(world, (other) => simulatedPlatform(world, other), policy)
    return schedule.beforeCall()
  })
  const { probe, clock } = world
  const warn = (message: string) =>
    void events.push({ at: new Date(clock.now()).toISOString(), event: 'warning', message })
  return rollGroup({
    platform,
    policy,
    signal,
    image: newImageId,
    probe,
    clock,
    progress: { ...recordedProgress(), warn },
    onEvent(event) {
      if (event.event === 'step') events.push(event)
      onEvent?.(event)
    },
  })
}

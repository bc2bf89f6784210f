import { floorOf, maximumOf, plainPolicy, type RollPolicy } from '../tasks/lib/roll/policy.ts'
import { rollGroup } from '../tasks/lib/roll/roll.ts'
import { lowerBoundSeconds } from '../tasks/simulator/lower-bound.ts'
import { lognormalSeconds, seededRandom } from '../tasks/simulator/random.ts'
import { recordedProgress } from '../tasks/simulator/recorded-progress.ts'
import { healthCheckSeconds } from '../tasks/simulator/simulated-machine.ts'
import { simulatedPlatform } from '../tasks/simulator/simulated-platform.ts'
import { simulatedWorld } from '../tasks/simulator/simulated-world.ts'
import { type BouncerMode, bounce, bouncerPollSeconds } from './peers/bouncer.ts'
import { type RefreshReading, refreshInstances } from './peers/instance-refresh.ts'
import type { PeerResult } from './peers/scaling-group.ts'

/** A way to roll a group of a size, at a seed. */
export interface Mode {
  readonly name: string
  readonly roll: (size: number, seed: number) => PeerResult | Promise<PeerResult>
}

const image = (id: string) => ({ id, release: id, createdAt: '2026-01-01T00:00:00Z', verified: true })
const idealPollSeconds = 1
const conditions = { healthCheckSeconds, drainSeconds: 10 }

/** Boot times of the n-th launch of a roll: lognormal, the same for every mode. */
function bootTimes(seed: number): (nth: number) => number {
  const draw = lognormalSeconds(60, 0.4, seededRandom(seed))
  const drawn: number[] = []
  return (nth) => {
    while (drawn.length < nth) drawn.push(draw())
    return drawn[nth - 1] ?? Number.NaN
  }
}

/** The shortest time possible for any policy with this much room above and below the group's size. */
export function lowerBound(size: number, seed: number, room: Pick<RollPolicy, 'surge' | 'maxUnavailable'>): number {
  const boot = bootTimes(seed)
  const bootSeconds = Array.from({ length: size }, (_, index) => boot(index + 1))
  return lowerBoundSeconds({ bootSeconds, ...conditions, ...room })
}

/** Our engine on the simulator. */
export function bakeroll(change: Partial<RollPolicy>): Mode {
  return {
    name: 'bakeroll',
    roll: async (size, seed) => {
      const world = await oldFleet(size, seed)
      const seen = { lowest: size, highest: size, lastMs: 0 }
      world.watchers.push(({ call, serving, machines }) => {
        seen.lowest = Math.min(seen.lowest, serving)
        seen.highest = Math.max(seen.highest, machines)
        if (call === 'terminate') seen.lastMs = world.clock.now()
      })
      const policy = { ...plainPolicy, ...change, timeoutSeconds: 10_000_000 }
      const { probe, clock } = world
      const startedMs = clock.now()
      const platform = simulatedPlatform(world)
      const { outcome } = await rollGroup({ platform, image: 'i2', policy, probe, clock, progress: recordedProgress() })
      const isKept = seen.lowest >= floorOf(policy, size) && seen.highest <= maximumOf(policy, size)
      if (outcome !== 'rolled' || !isKept) throw new Error(`${outcome}: ${JSON.stringify({ policy, seen })}`)
      const inServiceMs = world.machines.map(({ readyMs }) => readyMs + healthCheckSeconds * 1000)
      return {
        makespanSeconds: (Math.max(seen.lastMs, ...inServiceMs) - startedMs) / 1000,
        lowestHealthy: seen.lowest,
        highestSize: seen.highest,
      }
    },
  }
}

async function oldFleet(size: number, seed: number) {
  const boot = bootTimes(seed)
  const world = simulatedWorld({
    images: [image('i2'), image('i1')],
    bootSeconds: (nth) => (nth <= size ? 30 : boot(nth - size)),
    drainSeconds: conditions.drainSeconds,
  })
  const platform = simulatedPlatform(world)
  await platform.createGroup('i1', size)
  await platform.launch(size)
  await world.clock.sleep(100_000)
  return world
}

/** bouncer, with its own pause between polls or an ideal one of 1 s. */
export function bouncer(mode: BouncerMode, pause: 'own' | 'ideal', batch?: number): Mode {
  const pollSeconds = pause === 'own' ? bouncerPollSeconds : idealPollSeconds
  return {
    name: `bouncer ${mode}${pause === 'own' ? '' : ', polling every second'}`,
    roll: (size, seed) => bounce(mode, peerTask(size, seed, pollSeconds), batch),
  }
}

/** Instance Refresh, with a pause of 1 s, as AWS does not document its own. */
export function instanceRefresh(surge: number, reading: RefreshReading, instanceWarmupSeconds = 0): Mode {
  const warmup = instanceWarmupSeconds === 0 ? '' : `, warmup ${instanceWarmupSeconds} s`
  return {
    name: `Instance Refresh, ${reading.pace}${warmup}`,
    roll: (size, seed) => {
      const preferences = { maxHealthyPercentage: 100 + (100 * surge) / size, instanceWarmupSeconds }
      return refreshInstances(peerTask(size, seed, idealPollSeconds), preferences, reading)
    },
  }
}

function peerTask(size: number, seed: number, pollSeconds: number) {
  return { size, bootSeconds: bootTimes(seed), ...conditions, pollSeconds }
}

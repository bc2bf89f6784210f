import type { DeployTask } from '../lib/deploy/deploy.ts'
import { OperatorError } from '../lib/errors.ts'
import type { HealPolicy, HealTask } from '../lib/heal/task.ts'
import { releaseGroup } from '../lib/release/release.ts'
import type { Content, Delivery } from '../lib/release/task.ts'
import { type BringInPlace, type TopUpTask, topUp } from '../lib/release/top-up.ts'
import { recordedProgress } from './recorded-progress.ts'
import { releaseTask, servingWorld } from './release-fixture.ts'
import { type DeliveryFaults, simulatedDelivery } from './simulated-delivery.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import { simulatedHands } from './simulated-repairs.ts'
import type { World } from './simulated-world.ts'

/** A group with a release in place. */
export async function placedWorld(size = 2): Promise<World> {
  const world = await servingWorld(size)
  await releaseGroup(releaseTask(world))
  return world
}

export type OpenDelivery = (content: Content) => Promise<Delivery>

/** Delivers on simulated machines, or by `openDelivery`. */
export function bringing(
  world: World,
  verb: string,
  faults?: DeliveryFaults,
  openDelivery?: OpenDelivery,
  client: Partial<Pick<TopUpTask, 'platform' | 'signal'>> = {},
): BringInPlace {
  const { probe, clock } = world
  const open: OpenDelivery = openDelivery ?? (async (content) => simulatedDelivery(world, content, faults))
  const task = {
    platform: simulatedPlatform(world),
    probe,
    clock,
    progress: recordedProgress(),
    instanceTimeoutSeconds: 300,
    ...client,
  }
  return async (content, lacking) => topUp({ ...task, delivery: await open(content) }, verb, lacking)
}

export const gone: OpenDelivery = async () => {
  throw new OperatorError('failed', 'its archive is gone')
}

export function healTask(world: World, change: Partial<HealTask> = {}, policy: Partial<HealPolicy> = {}): HealTask {
  const times = { verifySeconds: 20, sshSeconds: 30, instanceTimeoutSeconds: 300 }
  return {
    platform: simulatedPlatform(world),
    ...simulatedHands(world),
    bringInPlace: bringing(world, 'heal'),
    probe: world.probe,
    clock: world.clock,
    progress: recordedProgress(),
    ...change,
    policy: { maxRepair: 'replace', dryRun: false, share: 0.5, ...times, ...policy },
  }
}

export function deployTask(world: World, change: Partial<DeployTask> = {}): DeployTask {
  const { probe, clock } = world
  const platform = simulatedPlatform(world)
  const progress = recordedProgress()
  return {
    platform,
    bringInPlace: bringing(world, 'scale'),
    instanceTimeoutSeconds: 300,
    probe,
    clock,
    progress,
    ...change,
  }
}

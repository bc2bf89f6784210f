import type { ReleasePolicy } from '../lib/release/policy.ts'
import type { Content, ReleaseTask } from '../lib/release/task.ts'
import { recordedProgress } from './recorded-progress.ts'
import { worldServing } from './serving-fixture.ts'
import { type DeliveryFaults, simulatedDelivery } from './simulated-delivery.ts'
import { simulatedPlatform } from './simulated-platform.ts'
import { servingMachines, type World, type WorldOptions } from './simulated-world.ts'

export const images = ['2.0.0', '1.0.0'].map((release) => ({
  id: `i${release[0]}`,
  release,
  createdAt: '2026-01-01T00:00:00Z',
  verified: true,
}))
export const wanted: Content = { release: '1.1.0', content: 'c-1.1.0' }

/** A group on release 1.0.0 whose instances serve. */
export function servingWorld(size = 3, options: Partial<WorldOptions> = {}): Promise<World> {
  return worldServing(size, { images, ...options })
}

export type Change = Partial<Omit<ReleaseTask, 'policy'>> & {
  readonly policy?: Partial<ReleasePolicy>
  readonly faults?: DeliveryFaults
}

export function releaseTask(world: World, { policy, faults, ...change }: Change = {}): ReleaseTask {
  const content = change.wanted ?? wanted
  return {
    platform: simulatedPlatform(world),
    openDelivery: async () => simulatedDelivery(world, content, faults),
    wanted: content,
    imageContent: 'c-1.0.0',
    probe: world.probe,
    clock: world.clock,
    progress: recordedProgress(),
    confirmOutage: async () => {},
    ...change,
    policy: { maxUnavailable: 1, instanceTimeoutSeconds: 300, ...policy },
  }
}

/** What each machine serves: its content, or its image's release where nothing is in place. */
export function served(world: World): string[] {
  return world.machines.map(({ inPlace, release }) => inPlace?.content ?? release)
}

/** The fewest machines that served at any time from now on. */
export function watchFloor(world: World): { lowest: number } {
  const seen = { lowest: Number.POSITIVE_INFINITY }
  const look = () => {
    seen.lowest = Math.min(seen.lowest, servingMachines(world).length)
  }
  look()
  world.watchers.push(look)
  return seen
}

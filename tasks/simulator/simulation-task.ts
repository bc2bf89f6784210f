import type { Platform } from '../lib/platform.ts'
import type { RollEventSink } from '../lib/roll/events.ts'
import type { RollPolicy } from '../lib/roll/policy.ts'
import type { World } from './simulated-world.ts'

/** What is simulated. */
export interface SimulationTask {
  readonly instances: number
  /** As `parsePolicy` reads it. */
  readonly policy: string
  /** As `parseFaults` reads it. */
  readonly faults: string
  readonly seed: number
  readonly onEvent?: RollEventSink | undefined
  readonly signal?: AbortSignal | undefined
  /** Called before each call of the client that rolls; another client of the world is opened by its name. */
  readonly onCall?: (world: World, open: (owner: string) => Platform, policy: RollPolicy) => void
}

/** Boot times of the machines that a roll launches: lognormal, as boots of virtual machines tend to be. */
export const bootTimes = { distribution: 'lognormal', median: 60, sigma: 0.4 } as const

/** How long a machine of a simulation finishes its requests. */
export const simulatedDrainSeconds = 10

/** Where a simulated roll comes from, where it goes to, and where nobody wants it to go. */
export const [otherImageId, newImageId, oldImageId] = ['image-3', 'image-2', 'image-1'] as const

/** The images of a simulation, newest first. */
export const simulatedImages = [otherImageId, newImageId, oldImageId].map((id) => ({
  id,
  release: `1.${id.slice(-1)}.0`,
  createdAt: '2026-01-01T00:00:00Z',
  verified: true,
}))

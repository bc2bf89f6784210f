import type { Platform } from '../lib/platform.ts'
import type { RollEventSink } from '../lib/roll/events.ts'
import type { RollPolicy } from '../lib/roll/policy.ts'
import type { World } from './simulated-world.ts'

export interface SimulationTask {
  readonly instances: number
  /** For `parsePolicy`. */
  readonly policy: string
  /** For `parseFaults`. */
  readonly faults: string
  readonly seed: number
  readonly onEvent?: RollEventSink | undefined
  readonly signal?: AbortSignal | undefined
  /** Runs before each call of the rolling client; `open` opens another client of the world by name. */
  readonly onCall?: (world: World, open: (owner: string) => Platform, policy: RollPolicy) => void
}

/** Lognormal, as boot times of virtual machines tend to be. */
export const bootTimes = { distribution: 'lognormal', median: 60, sigma: 0.4 } as const

/** How long a draining machine takes to finish its requests. */
export const simulatedDrainSeconds = 10

/** An unrelated image, the target and the origin of a simulated roll. */
export const [otherImageId, newImageId, oldImageId] = ['image-3', 'image-2', 'image-1'] as const

export const simulatedImages = [otherImageId, newImageId, oldImageId].map((id) => ({
  id,
  release: `1.${id.slice(-1)}.0`,
  createdAt: '2026-01-01T00:00:00Z',
  verified: true,
}))

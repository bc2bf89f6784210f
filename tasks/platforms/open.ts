import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Opening, OpenPlatform } from './open-platform.ts'

export const clock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {})
  },
}

/** Loads and opens only the platform in the settings; throws a usage error when its home cannot be written. */
export async function openPlatform(opening: Opening): Promise<OpenPlatform> {
  if (opening.settings.platform === 'aws') return (await import('./aws/open.ts')).openAwsVerbs(opening)
  return (await import('./local/open.ts')).openLocalVerbs(opening)
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Opening, OpenPlatform } from './open-platform.ts'

/** The real clock. */
export const clock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {})
  },
}

/** Opens the platform that the settings name; throws a usage error when its home cannot be written. Loads only what that one needs. */
export async function openPlatform(opening: Opening): Promise<OpenPlatform> {
  if (opening.settings.platform === 'aws') return (await import('./aws/open.ts')).openAwsVerbs(opening)
  return (await import('./local/open.ts')).openLocalVerbs(opening)
}

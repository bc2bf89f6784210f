import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../lib/errors.ts'
import type { Group, InPlace, Platform } from '../lib/platform.ts'
import { clearDeliveryWork } from './delivery-work.ts'
import type { Home } from './home.ts'

/**
 * Where a home keeps what `release` brought to the instances of one group, a folder for each content: what is launched later gets
 * it from there. `place` tells groups of one name apart.
 */
export function releaseStore(home: Home, place: string, group: string): string {
  return join(home.folder, 'in-place', place, group)
}

/** The platform, which also forgets what is in place no more, and under each lock clears away what killed runs left. */
export function withReleaseStore(platform: Platform, home: Home, store: string): Platform {
  return {
    ...platform,
    async lock(verb) {
      const lock = await platform.lock(verb)
      try {
        await clearDeliveryWork(home)
        const group = existsSync(store) ? await readable(platform) : undefined
        if (group) await forgetOthers(store, group.inPlace)
      } catch (error) {
        await lock.release()
        throw error
      }
      return lock
    },
    async updateGroup(change) {
      await platform.updateGroup(change)
      if (change.inPlace !== undefined) await forgetOthers(store, change.inPlace ?? undefined)
    },
    async removeGroup() {
      await platform.removeGroup()
      await rm(store, { recursive: true, force: true })
    },
    async leftovers() {
      const kept = existsSync(store) ? [`what was released in place, kept in ${store}`] : []
      return [...(await platform.leftovers()), ...kept]
    },
  }
}

/** Undefined also for a group that is too broken to read. */
async function readable(platform: Platform): Promise<Group | undefined> {
  try {
    return await platform.group()
  } catch (error) {
    if (error instanceof OperatorError) return undefined
    throw error
  }
}

/** What was in place before is needed until a release is finished. */
async function forgetOthers(store: string, inPlace: InPlace | undefined): Promise<void> {
  if (!existsSync(store)) return
  const needed = contentsOf(inPlace)
  if (needed.length === 0) return rm(store, { recursive: true, force: true })
  const others = readdirSync(store).filter((name) => !needed.includes(name))
  for (const name of others) await rm(join(store, name), { recursive: true, force: true })
}

function contentsOf(inPlace: InPlace | undefined): string[] {
  return inPlace === undefined ? [] : [inPlace.content, ...contentsOf(inPlace.before)]
}

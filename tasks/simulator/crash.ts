import type { Lock, Platform } from '../platforms/platform.ts'
import type { World } from './simulated-world.ts'

/** What a killed client throws out of every call; no story may catch it. */
export class ClientKilled extends Error {}

/**
 * A client that is killed (kill -9) at its `nth` platform call, from 1: `before` the call has any effect, or `after` its
 * effect but before the client learns of it. Its lock stays behind.
 */
export function crashingAt(
  world: World,
  platform: Platform,
  owner: string,
  nth: number,
  when: 'before' | 'after',
): Platform {
  let calls = 0
  return new Proxy(platform, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        calls += 1
        if (calls > nth || (calls === nth && when === 'before')) throw killed(world, owner)
        const result: unknown = await member.apply(target, args)
        if (calls === nth) throw killed(world, owner)
        return property === 'lock' ? keptWhenKilled(result as Lock, () => calls >= nth) : result
      }
    },
  })
}

/** The dead release no locks. */
function keptWhenKilled(lock: Lock, isKilled: () => boolean): Lock {
  return { ...lock, release: async () => (isKilled() ? undefined : lock.release()) }
}

function killed(world: World, owner: string): ClientKilled {
  world.deadOwners.add(owner)
  return new ClientKilled(`${owner} killed`)
}

import type { Lock, Platform } from '../lib/platform.ts'
import type { World } from './simulated-world.ts'

/** Thrown by every call of a killed client; nothing in the engine may catch it. */
export class ClientKilled extends Error {}

/** Killed `before` the call has any effect, or `after` its effect but before the client learns of it. */
export type KillMoment = 'before' | 'after'

/** A client that is killed (kill -9) at the first platform call for which `dies` returns a moment. Its lock stays. */
export function killable(
  world: World,
  platform: Platform,
  owner: string,
  dies: (call: string) => KillMoment | undefined,
): Platform {
  let isDead = false
  const die = () => {
    isDead = true
    world.deadOwners.add(owner)
    return new ClientKilled(`${owner} killed`)
  }
  return new Proxy(platform, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        if (isDead) throw die()
        const moment = dies(String(property))
        if (moment === 'before') throw die()
        const result: unknown = await member.apply(target, args)
        if (moment === 'after') throw die()
        return property === 'lock' ? keptWhenKilled(result as Lock, () => isDead) : result
      }
    },
  })
}

/** A client that is killed at its `nth` platform call, from 1. */
export function crashingAt(world: World, platform: Platform, owner: string, nth: number, when: KillMoment): Platform {
  let calls = 0
  return killable(world, platform, owner, () => {
    calls += 1
    return calls === nth ? when : undefined
  })
}

/** A dead client releases no lock. */
function keptWhenKilled(lock: Lock, isKilled: () => boolean): Lock {
  return { ...lock, release: async () => (isKilled() ? undefined : lock.release()) }
}

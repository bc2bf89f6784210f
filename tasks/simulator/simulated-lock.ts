import { OperatorError } from '../lib/errors.ts'
import type { Lock, Platform } from '../lib/platform.ts'
import type { World } from './simulated-world.ts'

let lockIds = 0

/** Takes the group's lock; that of a dead owner is taken over. */
export function takeLock(world: World, verb: string, owner: string): Awaited<ReturnType<Platform['lock']>> {
  const held = world.lock
  if (held && !world.deadOwners.has(held.owner)) {
    throw new OperatorError('refused', `locked by ${held.verb} of ${held.owner} since ${held.since}`)
  }
  lockIds += 1
  const id = lockIds
  world.lock = { id, verb, owner, since: new Date(world.clock.now()).toISOString() }
  const release: Lock['release'] = async () => {
    if (world.lock?.id === id) world.lock = undefined
  }
  return held ? { release, takenOver: { verb: held.verb, owner: held.owner, since: held.since } } : { release }
}

import type { RollPolicy } from '../lib/roll/policy.ts'
import { isRight } from './simulated-machine.ts'
import type { World, WorldEvent } from './simulated-world.ts'

export type Promised = Pick<RollPolicy, 'surge' | 'maxUnavailable'>

/**
 * Watches a world and returns every broken promise of a roll, one line each: a serving machine drained while fewer than
 * the floor would keep serving, or before healthy ones replaced it; one terminated while it served or finished
 * requests; more machines launched than size and surge.
 */
export function guardFloor(world: World, promised: number | Promised): string[] {
  const { surge, maxUnavailable } = typeof promised === 'number' ? { surge: promised, maxUnavailable: 0 } : promised
  const startMs = world.clock.now()
  const broken: string[] = []
  world.watchers.push((event) => {
    const breach = breachOf(world, event, { surge, maxUnavailable })
    if (breach === undefined) return
    const atSeconds = Math.round((world.clock.now() - startMs) / 1000)
    broken.push(`${atSeconds} s, step ${world.steps}: ${breach}`)
  })
  return broken
}

/** The capacity required now: what may be missing applies when there is no room for a surge. */
export function guardedFloor(world: World, size: number, { surge, maxUnavailable }: Promised): number {
  const mayMiss = surge === 0 || world.outages.isRefusing ? maxUnavailable : 0
  return Math.max(0, size - mayMiss)
}

/** Changes since the client's last look are not held against it. */
function breachOf(world: World, event: WorldEvent, promised: Promised): string | undefined {
  const { call, machine, servedBefore, serving, sound, machines, size, wasBusy } = event
  const { unseen } = world
  const id = machine?.id
  if (call === 'terminate' && servedBefore) return `${id} was ended while it served, without draining`
  if (call === 'terminate' && wasBusy) return `${id} was ended while it finished requests`
  if (call === 'drain' && servedBefore && machine) {
    const floor = guardedFloor(world, Math.min(size, unseen.size), promised)
    if (serving + unseen.serving < floor) return `${id} was drained, ${serving} of ${floor} serve on`
    const isEnough = !isRight(machine) || sound + unseen.sound >= floor
    if (!isEnough) return `${id} was drained, only ${sound} of ${floor} that serve on are right`
  }
  const most = Math.max(size, unseen.size) + promised.surge
  if (call === 'launch' && machines > most)
    return `there are ${machines} machines after a launch, ${most} at most are right`
  return undefined
}

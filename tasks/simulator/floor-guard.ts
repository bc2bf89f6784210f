import type { World } from './simulated-world.ts'

/**
 * Watches a world and gives back every broken promise of a roll: a serving machine drained or ended while fewer than the
 * group's size would go on serving, an undrained one ended while it served, or more machines than size and surge.
 */
export function guardFloor(world: World, surge: number): string[] {
  const broken: string[] = []
  world.watchers.push(({ call, servedBefore, serving, machines, size }) => {
    const at = `at ${new Date(world.clock.now()).toISOString().slice(11, 19)}`
    if (call === 'terminate' && servedBefore) broken.push(`${at}: a serving machine was ended without draining`)
    if (call === 'drain' && servedBefore && serving < size) broken.push(`${at}: drained to ${serving} of ${size}`)
    if (call === 'launch' && machines > size + surge) broken.push(`${at}: ${machines} machines, size ${size}`)
  })
  return broken
}

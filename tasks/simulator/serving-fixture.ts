import { simulatedPlatform } from './simulated-platform.ts'
import { simulatedWorld, type World, type WorldOptions } from './simulated-world.ts'

/** A world whose group has `size` instances of the oldest image, all of which serve. */
export async function worldServing(size: number, options: WorldOptions): Promise<World> {
  const world = simulatedWorld(options)
  const platform = simulatedPlatform(world)
  await platform.createGroup(options.images.at(-1)?.id ?? '', size)
  await platform.launch(size)
  await world.clock.sleep(120_000)
  return world
}

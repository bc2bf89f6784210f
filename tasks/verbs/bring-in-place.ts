import { type BringInPlace, topUp } from '../lib/release/top-up.ts'
import { clock } from '../platforms/open.ts'
import type { OpenPlatform } from '../platforms/open-platform.ts'
import type { TaskContext } from '../terminal/task.ts'

/** How a verb brings what is in place to instances that lack it. Nothing of it is loaded before one does. */
export function bringingInPlace(context: TaskContext, opened: OpenPlatform, verb: string): BringInPlace {
  const { platform, releaseStore, probe, instanceTimeoutSeconds, limits } = opened
  const { progress, signal } = context
  return async (content, lacking) => {
    const { deliveryOf, findDelivered } = await import('../platforms/in-place.ts')
    const inPlace = { ...context, platform, releaseStore, limits: limits() }
    const delivery = await deliveryOf(inPlace, await findDelivered(inPlace, content))
    return topUp({ platform, probe, clock, progress, signal, instanceTimeoutSeconds, delivery }, verb, lacking)
  }
}

import type { Group, Instance } from '../platform.ts'
import { isServing, type Readiness } from '../readiness.ts'

/** How many instances that are ready already are probed again in one look; the load balancer watches the others. */
const readyAgain = 20
/** How many of the others are probed in one look, so that there is something to judge latencies by. */
const othersAtOnce = 3
const probesOfEach = 5

/**
 * Whom a roll probes in one look: every instance on the wanted image that is not ready, of the ready ones those that were
 * not probed for longest, and a few of the others that serve.
 */
export function chooseProbes(group: Group, readiness: ReadonlyMap<string, Readiness>): Instance[] {
  const wanted: Instance[] = []
  const ready: { readonly instance: Instance; readonly probedAtMs: number }[] = []
  const others: Instance[] = []
  for (const instance of group.instances) {
    const seen = readiness.get(instance.id)
    if (instance.imageId !== group.imageId) {
      const isMeasured = (seen?.latenciesMs.length ?? 0) >= probesOfEach
      if (others.length < othersAtOnce && !isMeasured && isServing(instance)) others.push(instance)
    } else if (seen?.ready) ready.push({ instance, probedAtMs: seen.probedAtMs ?? 0 })
    else wanted.push(instance)
  }
  ready.sort((a, b) => a.probedAtMs - b.probedAtMs)
  return [...wanted, ...ready.slice(0, readyAgain).map(({ instance }) => instance), ...others]
}

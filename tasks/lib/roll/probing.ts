import { type Evidence, isServing } from '../evidence.ts'
import type { Group, Instance } from '../platform.ts'

/** How many instances that are proven already are probed again in one look; the load balancer watches the others. */
const provenAgain = 20
/** How many of the others are probed in one look, so that there is something to judge latencies by. */
const othersAtOnce = 3
const probesOfEach = 5

/**
 * Whom a roll probes in one look: every instance on the wanted image that is not proven, of the proven ones those that were
 * not probed for longest, and a few of the others that serve.
 */
export function chooseProbes(group: Group, evidence: ReadonlyMap<string, Evidence>): Instance[] {
  const wanted: Instance[] = []
  const proven: { readonly instance: Instance; readonly probedAtMs: number }[] = []
  const others: Instance[] = []
  for (const instance of group.instances) {
    const seen = evidence.get(instance.id)
    if (instance.imageId !== group.imageId) {
      const isMeasured = (seen?.latenciesMs.length ?? 0) >= probesOfEach
      if (others.length < othersAtOnce && !isMeasured && isServing(instance)) others.push(instance)
    } else if (seen?.proven) proven.push({ instance, probedAtMs: seen.probedAtMs ?? 0 })
    else wanted.push(instance)
  }
  proven.sort((a, b) => a.probedAtMs - b.probedAtMs)
  return [...wanted, ...proven.slice(0, provenAgain).map(({ instance }) => instance), ...others]
}

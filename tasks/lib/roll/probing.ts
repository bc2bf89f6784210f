import type { Group, Instance } from '../platform.ts'
import { isServing, type Readiness } from '../readiness.ts'

/** Ready instances probed again per look; the load balancer watches the rest. */
const readyAgain = 20
/** Others probed per look, to have latencies to compare with. */
const othersAtOnce = 3
const probesOfEach = 5

/**
 * The instances that a roll probes in one look: all unready ones on the wanted image, the ready ones probed longest
 * ago, and a few of the others that serve.
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

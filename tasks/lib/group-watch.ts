import type { Group, Instance, Platform } from '../platforms/platform.ts'
import type { Clock } from './clock.ts'
import { type Evidence, type Probe, weigh } from './evidence.ts'

/** The group at one moment, with what this run knows of each instance. */
export interface Observation {
  readonly group: Group
  readonly evidence: ReadonlyMap<string, Evidence>
  readonly nowMs: number
}

/** Looks at the group again and again, and remembers what it saw of each instance. */
export interface GroupWatch {
  /** Observes afresh and probes all running instances at once; `undefined` when there is no group. */
  look(): Promise<Observation | undefined>
}

/** What a watch looks with. */
export interface WatchTask {
  readonly platform: Platform
  readonly probe: Probe
  readonly clock: Clock
}

/**
 * Opens a watch with no memory yet. An instance is proven after `probesNeeded` right probes in a row. `worthProbing`
 * leaves instances out whose proof nobody asks for.
 */
export function watchGroup(
  { platform, probe, clock }: WatchTask,
  probesNeeded: number,
  worthProbing: (instance: Instance, group: Group) => boolean = () => true,
): GroupWatch {
  let memory: ReadonlyMap<string, Evidence> = new Map()
  return {
    async look() {
      const group = await platform.group()
      if (!group) return undefined
      const evidence = await Promise.all(
        group.instances.map(async (instance) => {
          const probed = instance.state === 'running' && worthProbing(instance, group)
          const result = probed ? await probe(instance, instance.release) : undefined
          const look = { nowMs: clock.now(), probesNeeded }
          return [instance.id, weigh(memory.get(instance.id), instance, result, look)] as const
        }),
      )
      memory = new Map(evidence)
      return { group, evidence: memory, nowMs: clock.now() }
    },
  }
}

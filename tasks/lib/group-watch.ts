import { inTurns } from './bounded.ts'
import type { Clock } from './clock.ts'
import { expectedReleases, probeFor } from './in-place.ts'
import type { Group, Instance, Platform } from './platform.ts'
import { median, type Probe, type Readiness, updateReadiness } from './readiness.ts'

/** The group at one moment, with what this run knows of each instance. */
export interface Observation {
  readonly group: Group
  readonly readiness: ReadonlyMap<string, Readiness>
  readonly nowMs: number
}

/** Observes the group repeatedly and remembers what it saw of each instance. */
export interface GroupWatch {
  /** Reads the group and probes the chosen running instances in parallel; `undefined` when there is no group. */
  look(): Promise<Observation | undefined>
}

export interface WatchTask {
  readonly platform: Platform
  readonly probe: Probe
  readonly clock: Clock
}

export interface WatchOptions {
  /** Consecutive right probes that make an instance ready. */
  readonly probesNeeded: number
  /** Selects the instances to probe; default: all. */
  readonly choose?: (group: Group, readiness: ReadonlyMap<string, Readiness>) => readonly Instance[]
  /** Whether this instance's latency sets the limit for the others; default: no instance's does. */
  readonly isMeasure?: (instance: Instance, group: Group) => boolean
  /** The releases that an instance may serve; default: by the group's record. */
  readonly expect?: (group: Group, instance: Instance) => readonly string[]
}

const probesAtOnce = 50
const measuresKept = 25
const measuresNeeded = 5

export function watchGroup({ platform, probe, clock }: WatchTask, options: WatchOptions): GroupWatch {
  const {
    probesNeeded,
    choose = ({ instances }: Group) => instances,
    isMeasure = () => false,
    expect = expectedReleases,
  } = options
  let memory: ReadonlyMap<string, Readiness> = new Map()
  let measures: readonly number[] = []
  return {
    async look() {
      const group = await platform.group()
      if (!group) return undefined
      const chosen = choose(group, memory).filter(({ state }) => state === 'running')
      const probed = await inTurns(chosen, probesAtOnce, (one) => probeFor(probe, one, expect(group, one)))
      const results = new Map(chosen.map(({ id }, index) => [id, probed[index]?.result]))
      const nowMs = clock.now()
      const measured = chosen
        .filter((one) => isMeasure(one, group))
        .flatMap(({ id }) => results.get(id)?.latencyMs ?? [])
      measures = [...measures, ...measured].slice(-measuresKept)
      const latencyLimitMs = limitBeside(measures)
      memory = new Map(
        group.instances.map((one) => {
          const limit = isMeasure(one, group) ? undefined : latencyLimitMs
          return [
            one.id,
            updateReadiness(memory.get(one.id), one, results.get(one.id), {
              nowMs,
              probesNeeded,
              latencyLimitMs: limit,
            }),
          ]
        }),
      )
      return { group, readiness: memory, nowMs }
    },
  }
}

/**
 * The limit next to instances with these latencies: five times their median, or 250 ms more if that is higher; none
 * with too few of them.
 */
function limitBeside(latenciesMs: readonly number[]): number | undefined {
  const usualMs = latenciesMs.length < measuresNeeded ? undefined : median(latenciesMs)
  return usualMs === undefined ? undefined : Math.max(5 * usualMs, usualMs + 250)
}

/** One line per instance for a live view: id, release, state, health, and why it is not ready yet. */
export function instanceLines({ group, readiness }: Observation): string[] {
  return group.instances.map(({ id, release, imageId, state, health }) => {
    const seen = readiness.get(id)
    const note = imageId !== group.imageId ? 'outdated' : seen?.ready ? 'ready' : (seen?.reason ?? '')
    return `${id}  ${release}  ${state}  ${health}  ${note}`.trimEnd()
  })
}

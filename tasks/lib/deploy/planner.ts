import type { Observation } from '../group-watch.ts'
import { servingImageId } from '../image-choice.ts'
import type { Group, GroupChange, Instance } from '../platform.ts'
import { type Readiness, whyAwaited } from '../readiness.ts'

export interface GroupSpec {
  readonly imageId: string
  readonly size: number
}

export type DeployStep = { readonly because: string } & (
  | { readonly do: 'create' }
  | { readonly do: 'update'; readonly change: GroupChange }
  | { readonly do: 'repair load balancer' }
  | { readonly do: 'launch'; readonly count: number }
  | { readonly do: 'drain' | 'terminate'; readonly instanceId: string }
  | { readonly do: 'give up'; readonly instanceId: string }
  | { readonly do: 'wait' | 'finish' }
)

export function creationSteps({ imageId, size }: GroupSpec): DeployStep[] {
  return [
    { do: 'create', because: `there is no group yet; ${size} of ${imageId}` },
    { do: 'launch', count: size, because: `0 of ${size} there` },
  ]
}

/** The next steps that bring an existing group to its spec. Outdated instances stay; `roll` replaces them. */
export function convergenceSteps(seen: Observation, spec: GroupSpec, instanceTimeoutSeconds: number): DeployStep[] {
  const failed = seen.group.instances.find((one) => hasFailed(one, seen, instanceTimeoutSeconds))
  if (failed) return [{ do: 'give up', instanceId: failed.id, because: whyAwaited(seen.readiness.get(failed.id)) }]
  const alive = seen.group.instances.filter(({ state }) => state !== 'stopped')
  const steps = [
    ...repairs(seen.group),
    ...updates(seen.group, spec),
    ...clearing(seen.group),
    ...sizing(seen, alive, spec),
  ]
  if (steps.length > 0) return steps
  const awaited = alive.find(({ id }) => !seen.readiness.get(id)?.ready)
  if (awaited) return [{ do: 'wait', because: `${awaited.id}: ${whyAwaited(seen.readiness.get(awaited.id))}` }]
  return [{ do: 'finish', because: `${alive.length} of ${spec.size} ready` }]
}

function repairs({ loadBalancer }: Group): DeployStep[] {
  return loadBalancer === 'stopped' ? [{ do: 'repair load balancer', because: 'it is stopped' }] : []
}

function updates(group: Group, { imageId, size }: GroupSpec): DeployStep[] {
  const steps: DeployStep[] = []
  if (size !== group.size) steps.push({ do: 'update', change: { size }, because: `size ${group.size} -> ${size}` })
  if (imageId !== group.imageId) {
    const change = { imageId, previousImageId: servingImageId(group, imageId) }
    steps.push({ do: 'update', change, because: `image ${group.imageId} -> ${imageId}` })
  }
  return steps
}

function clearing({ instances }: Group): DeployStep[] {
  const stopped = instances.filter(({ state }) => state === 'stopped')
  return stopped.map(({ id }) => ({ do: 'terminate', instanceId: id, because: 'its machine is gone' }))
}

/**
 * Launches what is missing, drains the surplus and terminates what is drained. The surplus stays while the load
 * balancer is stopped, because nothing shows then whether an instance is drained.
 */
function sizing({ group, readiness }: Observation, alive: readonly Instance[], spec: GroupSpec): DeployStep[] {
  const staying = alive.filter(({ health }) => health !== 'draining')
  if (staying.length < spec.size) {
    const count = spec.size - staying.length
    return [{ do: 'launch', count, because: `${staying.length} of ${spec.size} there` }]
  }
  if (group.loadBalancer === 'stopped') return []
  const leastLossFirst = (a: Instance, b: Instance) => worth(a, group, readiness) - worth(b, group, readiness)
  const surplus = alive.toSorted(leastLossFirst).slice(0, Math.max(0, alive.length - spec.size))
  return surplus.flatMap(({ id, health }): DeployStep[] => {
    if (health === 'draining') return []
    const because = health === 'unused' ? 'it no longer serves requests' : `only ${spec.size} wanted`
    return [{ do: health === 'unused' ? 'terminate' : 'drain', instanceId: id, because }]
  })
}

function worth({ id, health, imageId }: Instance, group: Group, readiness: ReadonlyMap<string, Readiness>): number {
  if (health === 'unused' || health === 'draining') return 0
  if (!readiness.get(id)?.ready) return 1
  return imageId === group.imageId ? 3 : 2
}

function hasFailed(instance: Instance, { readiness, nowMs }: Observation, instanceTimeoutSeconds: number): boolean {
  const seen = readiness.get(instance.id)
  if (!seen || seen.ready || instance.health === 'draining') return false
  if (instance.state === 'stopped') return seen.seenAlive && !seen.everReady
  return nowMs - (seen.unreadySinceMs ?? nowMs) > instanceTimeoutSeconds * 1000
}

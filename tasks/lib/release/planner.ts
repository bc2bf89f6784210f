import type { Observation } from '../group-watch.ts'
import type { Instance } from '../platform.ts'
import { isServing, whyAwaited } from '../readiness.ts'
import { floorOf } from '../roll/policy.ts'
import type { Refusal } from '../roll/snapshot.ts'
import type { ReleasePolicy } from './policy.ts'

/**
 * One decision of a release. `deliver` and `put back` change what a drained instance serves. `return` puts all drained
 * instances behind the load balancer again. `roll back`: the release is at fault. `give up`: what served before could
 * not be put back. `stop`: the platform or a dead machine is in the way.
 */
export type ReleaseStep = { readonly because: string } & (
  | { readonly do: 'repair load balancer' | 'return' | 'roll back' | 'give up' | 'stop' | 'finish' | 'wait' }
  | { readonly do: 'drain' | 'deliver' | 'put back' | 'accept'; readonly instanceId: string }
)

/** Everything that a release decides from. All of the memory may be lost with the run. */
export interface ReleaseSnapshot extends Observation {
  /** The release that the instances get, or get back. */
  readonly release: string
  readonly rollingBack: boolean
  /** Instances that need nothing more. */
  readonly done: ReadonlySet<string>
  /** Instances with the release that the load balancer calls unhealthy, and since when. */
  readonly lost: ReadonlyMap<string, number>
  /** Instances being worked on, each with the start of its present wait. */
  readonly inHand: ReadonlyMap<string, { readonly sinceMs: number; readonly isDelivered: boolean }>
  /** Instances to which the release could not be brought, and why. */
  readonly failures: ReadonlyMap<string, { readonly sinceMs: number; readonly reason: string }>
  /** A request that the platform keeps refusing. */
  readonly refusal?: Refusal | undefined
  /** The last step, or the start of this run. */
  readonly lastStepMs: number
  /** Consecutive right probes that prove an instance. */
  readonly probesNeeded: number
}

/** The next steps of a release, from observation and policy alone. Instances are taken in batches of `maxUnavailable`. */
export function nextSteps(shot: ReleaseSnapshot, policy: ReleasePolicy): ReleaseStep[] {
  const { group, refusal, nowMs } = shot
  if (refusal && isPast(refusal.sinceMs, nowMs, policy)) return [{ do: 'stop', because: refusal.reason }]
  if (group.loadBalancer === 'stopped') return [{ do: 'repair load balancer', because: 'it is stopped' }]
  const held = group.instances.filter(({ id }) => shot.inHand.has(id))
  const verdict = judge(shot, held, policy)
  if (verdict) return [verdict]
  if (held.length > 0) return stepsInHand(shot, held)
  const awaited = group.instances.filter((one) => !shot.done.has(one.id) && isAwaited(one, shot, policy))
  if (awaited.length === 0) return [finishOrWait(shot)]
  const batch = nextBatch(shot, policy)
  if (batch.length > 0) return batch.map((one) => take(one, shot))
  const because = `${group.instances.filter(isServing).length} of ${group.size} serve, and ${floorOf(policy, group.size)} must`
  return [{ do: isPast(shot.lastStepMs, nowMs, policy) ? 'stop' : 'wait', because }]
}

/** The instances to take next: those that serve nothing, then as many that serve as the policy allows to be missing. */
export function nextBatch(
  { group, done }: Pick<ReleaseSnapshot, 'group' | 'done'>,
  policy: ReleasePolicy,
): readonly Instance[] {
  const todo = group.instances.filter(
    ({ id, state, health }) => !done.has(id) && state === 'running' && health !== 'initial',
  )
  const serving = group.instances.filter(isServing).length
  const spare = Math.max(0, serving - floorOf(policy, group.size))
  const oldestFirst = todo.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
  const idle = oldestFirst.filter((one) => !isServing(one))
  return [...idle, ...oldestFirst.filter(isServing).slice(0, spare)].slice(0, Math.max(1, policy.maxUnavailable))
}

/** A machine that does not boot in its time is left to `heal`. */
function isAwaited({ state, startedAt }: Instance, { nowMs }: ReleaseSnapshot, policy: ReleasePolicy): boolean {
  if (state === 'stopped') return false
  return state === 'running' || !isPast(Date.parse(startedAt), nowMs, policy)
}

function take({ id: instanceId, health }: Instance, { release, rollingBack }: ReleaseSnapshot): ReleaseStep {
  const because = rollingBack ? `it gets ${release} back` : `it gets ${release}`
  return { do: 'drain', instanceId, because: health === 'healthy' ? because : `${because}, and is ${health}` }
}

/** What ends the phase, if anything does. */
function judge(shot: ReleaseSnapshot, held: readonly Instance[], policy: ReleasePolicy): ReleaseStep | undefined {
  const { failures, rollingBack, nowMs } = shot
  const draining = held.find(({ id, health }) => health === 'draining' && isOverdue(shot, id, policy))
  if (draining) return { do: 'stop', because: `${draining.id} does not finish its requests` }
  for (const { id } of shot.group.instances) {
    const failure = failures.get(id)
    if (failure && !rollingBack) return { do: 'roll back', because: `${id}: ${failure.reason}` }
    if (failure && isPast(failure.sinceMs, nowMs, policy)) return { do: 'give up', because: `${id}: ${failure.reason}` }
  }
  const unready = held.find(({ id }) => shot.inHand.get(id)?.isDelivered && isOverdue(shot, id, policy))
  if (unready) {
    const because = `${unready.id}: ${whyAwaited(shot.readiness.get(unready.id))}`
    return { do: rollingBack ? 'give up' : 'roll back', because }
  }
  const lost = rollingBack ? undefined : [...shot.lost].find(([, sinceMs]) => nowMs - sinceMs > graceMs(policy))
  return lost && { do: 'roll back', because: `${lost[0]} was ready, and is unhealthy again` }
}

function graceMs({ graceSeconds = 15 }: ReleasePolicy): number {
  return graceSeconds * 1000
}

function isOverdue({ inHand, nowMs }: ReleaseSnapshot, id: string, policy: ReleasePolicy): boolean {
  return isPast(inHand.get(id)?.sinceMs ?? nowMs, nowMs, policy)
}

function stepsInHand(shot: ReleaseSnapshot, held: readonly Instance[]): ReleaseStep[] {
  const { inHand, readiness, release, rollingBack } = shot
  const bare = held.filter(({ id }) => !inHand.get(id)?.isDelivered)
  const change = rollingBack ? 'put back' : 'deliver'
  const steps = bare.flatMap((one): ReleaseStep[] => {
    if (one.health === 'draining') return []
    if (one.health === 'unused')
      return [{ do: change, instanceId: one.id, because: `${release}; it serves nothing now` }]
    return [take(one, shot)]
  })
  if (steps.length > 0) return steps
  const draining = bare[0]
  if (draining) return [{ do: 'wait', because: `${draining.id} is finishing its requests` }]
  const ready = held.filter(({ id }) => readiness.get(id)?.ready)
  if (ready.length > 0)
    return ready.map(({ id }) => ({ do: 'accept', instanceId: id, because: `it serves ${release}` }))
  // What the load balancer says of a drained instance does not matter.
  const unproven = held.find(({ id }) => (readiness.get(id)?.rightProbes ?? 0) < shot.probesNeeded)
  if (unproven) return [{ do: 'wait', because: `${unproven.id}: ${whyAwaited(readiness.get(unproven.id))}` }]
  const out = held.filter(({ health }) => health === 'unused' || health === 'draining')
  if (out.length > 0) return [{ do: 'return', because: `${out.map(({ id }) => id).join(', ')} answer right` }]
  return [{ do: 'wait', because: `${held[0]?.id}: ${whyAwaited(readiness.get(held[0]?.id ?? ''))}` }]
}

function finishOrWait({ lost, rollingBack, release }: ReleaseSnapshot): ReleaseStep {
  const [unwell] = lost.keys()
  if (unwell !== undefined && !rollingBack) return { do: 'wait', because: `${unwell} is unhealthy` }
  return { do: 'finish', because: rollingBack ? `${release} serves again` : `every instance has ${release}` }
}

function isPast(sinceMs: number, nowMs: number, { instanceTimeoutSeconds }: ReleasePolicy): boolean {
  return nowMs - sinceMs > instanceTimeoutSeconds * 1000
}

import type { Instance } from '../platform.ts'
import { noReadiness, type Readiness } from '../readiness.ts'
import { targetImageId } from './fleet.ts'
import { nextSteps } from './planner.ts'
import type { RollPolicy } from './policy.ts'
import type { RollSnapshot, Step } from './snapshot.ts'

const looksAtMost = 10_000
const endings: readonly Step['do'][] = ['finish', 'roll back', 'give up', 'stop', 'replace']

/** The steps a roll would take if each one succeeded at once. */
export function forecastSteps(snapshot: RollSnapshot, policy: RollPolicy): Step[] {
  const forecast: Step[] = []
  let future = snapshot
  for (let look = 0; look < looksAtMost; look += 1) {
    const steps = nextSteps(future, policy)
    if (steps.every((step) => step.do === 'wait')) future = settled(future)
    else forecast.push(...steps)
    if (steps.some((step) => endings.includes(step.do))) break
    future = steps.reduce(succeeded, future)
  }
  return forecast
}

function succeeded(snapshot: RollSnapshot, step: Step): RollSnapshot {
  const { group } = snapshot
  const withInstances = (instances: readonly Instance[]) => ({ ...snapshot, group: { ...group, instances } })
  switch (step.do) {
    case 'repair load balancer':
      return settled({ ...snapshot, group: { ...group, loadBalancer: 'running' } })
    case 'launch':
      return withReady(snapshot, step.count)
    case 'drain':
      return withInstances(
        group.instances.map((one) => (one.id === step.instanceId ? { ...one, health: 'unused' } : one)),
      )
    case 'terminate':
      return withInstances(group.instances.filter(({ id }) => id !== step.instanceId))
    case 'hold':
    case 'pass':
    case 'pause':
      return { ...snapshot, record: { ...snapshot.record, passed: step.at } }
    default:
      return snapshot
  }
}

function withReady(snapshot: RollSnapshot, count: number): RollSnapshot {
  const { group, readiness, record } = snapshot
  const launchedSoFar = [...readiness.keys()].filter((id) => id.startsWith('new-')).length
  const born = Array.from({ length: count }, (_, index) => ({
    id: `new-${launchedSoFar + index + 1}`,
    imageId: targetImageId(record),
    release: '',
    state: 'running' as const,
    health: 'healthy' as const,
    url: '',
    startedAt: new Date(Math.max(snapshot.nowMs, Date.parse(record.startedAt))).toISOString(),
    ssh: { host: '', port: 22, user: '' },
  }))
  const instances = [...group.instances, ...born]
  return { ...snapshot, group: { ...group, instances }, readiness: new Map([...readiness, ...born.map(asReady)]) }
}

/** All transitions are complete: the drained serve nothing, the others are ready. */
function settled(snapshot: RollSnapshot): RollSnapshot {
  const instances = snapshot.group.instances.map((instance): Instance => {
    if (instance.state === 'stopped' || instance.health === 'unused') return instance
    return { ...instance, state: 'running', health: instance.health === 'draining' ? 'unused' : 'healthy' }
  })
  const group = { ...snapshot.group, instances }
  return { ...snapshot, group, readiness: new Map(instances.map(asReady)) }
}

function asReady({ id }: { readonly id: string }): [string, Readiness] {
  return [id, { ...noReadiness, ready: true, everReady: true, readySinceMs: 0, rightProbes: 1, seenAlive: true }]
}

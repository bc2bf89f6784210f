import type { Group } from '../platform.ts'
import { nextBatch, type ReleaseStep } from './planner.ts'
import type { ReleasePolicy } from './policy.ts'

/** The steps of a release to this group, if all goes well. */
export function forecast(group: Group, release: string, policy: ReleasePolicy): ReleaseStep[] {
  const done = new Set<string>()
  const steps: ReleaseStep[] = []
  let instances = group.instances
  while (true) {
    const batch = nextBatch({ group: { ...group, instances }, done }, policy)
    if (batch.length === 0) break
    for (const { id: instanceId, health } of batch) {
      const because = health === 'healthy' ? `it gets ${release}` : `it gets ${release}, and is ${health}`
      steps.push({ do: 'drain', instanceId, because })
    }
    for (const { id: instanceId } of batch) steps.push({ do: 'deliver', instanceId, because: release })
    steps.push({ do: 'return', because: batch.map(({ id }) => id).join(', ') })
    for (const { id } of batch) done.add(id)
    instances = instances.map((one) => (done.has(one.id) ? { ...one, health: 'healthy' } : one))
  }
  return steps
}

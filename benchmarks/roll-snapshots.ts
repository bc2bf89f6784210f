import type { Instance, InstanceState, TargetHealth } from '../tasks/lib/platform.ts'
import { type ProbeResult, type Readiness, updateReadiness } from '../tasks/lib/readiness.ts'
import { emptyMemory, type RollSnapshot } from '../tasks/lib/roll/snapshot.ts'
import { seededRandom } from '../tasks/simulator/random.ts'

const record = {
  imageId: 'i2',
  previousImageId: 'i1',
  startedAt: '2026-01-01T12:00:00.000Z',
  force: false,
  rollingBack: false,
}
const nowMs = Date.parse('2026-01-01T12:30:00.000Z')

/** The share of the group's instances in one state. */
interface Share {
  readonly percent: number
  readonly imageId: 'i1' | 'i2'
  readonly state: InstanceState
  readonly health: TargetHealth
}

const old = (percent: number, health: TargetHealth = 'healthy') => share(percent, 'i1', health)
const fresh = (percent: number, health: TargetHealth = 'healthy') => share(percent, 'i2', health)

function share(
  percent: number,
  imageId: Share['imageId'],
  health: TargetHealth,
  state: InstanceState = 'running',
): Share {
  return { percent, imageId, state, health }
}

/** Moments of a roll with a surge of 5 %. */
export const phases: readonly { readonly name: string; readonly shares: readonly Share[]; readonly back?: true }[] = [
  { name: 'beginning', shares: [old(100)] },
  { name: 'first boots', shares: [old(100), share(5, 'i2', 'initial', 'pending')] },
  { name: 'many to drain', shares: [old(60), fresh(45)] },
  { name: 'middle', shares: [old(50), old(1, 'draining'), old(1, 'unused'), fresh(49), fresh(4, 'initial')] },
  {
    name: 'trouble',
    shares: [old(40), old(10, 'unhealthy'), fresh(45), fresh(2, 'unhealthy'), share(3, 'i1', 'unused', 'stopped')],
  },
  { name: 'end', shares: [old(3, 'draining'), fresh(100)] },
  {
    name: 'rollback',
    shares: [old(60), fresh(30), fresh(5, 'unhealthy'), share(5, 'i1', 'initial', 'pending')],
    back: true,
  },
]

/** The planner's input in a phase: instances of three zones, shuffled, each with the readiness of four observations. */
export function snapshotOf(phase: string, size: number): RollSnapshot {
  const { shares, back = false } = phases.find(({ name }) => name === phase) ?? { shares: [] }
  const instances = shuffled(
    shares.flatMap((part) => Array.from({ length: Math.round((size * part.percent) / 100) }, () => part)),
  ).map(asInstance)
  const readiness = new Map(instances.map((instance) => [instance.id, readinessOf(instance)]))
  const roll = { ...record, ...(back ? { rollingBack: true, reason: 'broken' } : {}) }
  const group = { name: 'timed', imageId: back ? 'i1' : 'i2', previousImageId: 'i1', size, url: 'http://timed', roll }
  return {
    ...emptyMemory(nowMs - 1_800_000),
    group: { ...group, loadBalancer: 'running', instances },
    readiness,
    nowMs,
    record: roll,
  }
}

function asInstance({ imageId, state, health }: Share, index: number): Instance {
  const id = `i-${index.toString(16).padStart(17, '0')}`
  const startedMs = nowMs - (imageId === 'i1' ? 86_400_000 : 100_000) + (index % 50_000)
  return {
    id,
    imageId,
    release: imageId,
    state,
    health,
    url: `http://${id}`,
    zone: `zone-${index % 3}`,
    startedAt: new Date(startedMs).toISOString(),
    ssh: { host: id, port: 22, user: 'admin' },
  }
}

function readinessOf(instance: Instance): Readiness {
  const isRight = instance.health === 'healthy'
  const probe: ProbeResult = isRight
    ? { ok: true, versionOk: true, clockOk: true, upstreamOk: true, latencyMs: 12 }
    : { ok: false, reason: 'no answer' }
  const looks = [4, 3, 2, 1].map((secondsAgo) => nowMs - secondsAgo * 1000)
  const weighed = (before: Readiness | undefined, at: number) =>
    updateReadiness(before, instance, instance.state === 'running' ? probe : undefined, { nowMs: at, probesNeeded: 2 })
  return looks.reduce<Readiness | undefined>(weighed, undefined) as Readiness
}

function shuffled<T>(all: readonly T[]): T[] {
  const random = seededRandom(1)
  return all
    .map((one) => [random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one)
}

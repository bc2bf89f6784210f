import type { Group, Instance, RollRecord } from '../platform.ts'
import { noReadiness, type Readiness } from '../readiness.ts'
import { type Fleet, sortFleet } from './fleet.ts'
import { nextSteps } from './planner.ts'
import { plainPolicy, type RollPolicy } from './policy.ts'
import { emptyMemory, type RollSnapshot, type Step } from './snapshot.ts'

export const nowMs = Date.UTC(2026, 0, 1, 12)

/** A roll from `old` to `new` that began a minute ago. */
export const record: RollRecord = {
  imageId: 'new',
  previousImageId: 'old',
  startedAt: new Date(nowMs - 60_000).toISOString(),
  force: false,
  rollingBack: false,
}
/** The same roll after it rolled back. */
export const back: RollRecord = { ...record, rollingBack: true, reason: 'm3 died' }

/** An instance and what a run has seen of it; omitted fields get the usual values. */
export type Sketch = Partial<Instance> & { readonly seen?: Partial<Readiness>; readonly ageSeconds?: number }

/** On the old image and serving. */
export function old(sketch: Sketch = {}): Sketch {
  return { imageId: 'old', ageSeconds: 3600, ...sketch }
}

/** On the new image and ready; `seen` replaces the readiness. */
export function fresh(sketch: Sketch = {}): Sketch {
  return { imageId: 'new', ageSeconds: 30, seen: { ready: true, everReady: true }, ...sketch }
}

/** On the new image, still booting. */
export function booting(sketch: Sketch = {}): Sketch {
  return fresh({ state: 'pending', health: 'initial', seen: {}, ...sketch })
}

/** A group of `size` (default 2) with these instances. */
export function snapshot(
  fleet: Record<string, Sketch>,
  change: Partial<RollSnapshot> & { size?: number } = {},
): RollSnapshot {
  const { size = 2, ...rest } = change
  const instances = Object.entries(fleet).map(([id, sketch]) => instanceOf(id, sketch))
  const readiness = new Map(Object.entries(fleet).map(([id, { seen }]) => [id, readinessOf(seen)]))
  const imageId = (rest.record ?? record).rollingBack ? 'old' : 'new'
  const group: Group = { name: 'g', imageId, size, url: '', loadBalancer: 'running', instances }
  return { group, record, readiness, nowMs, ...emptyMemory(nowMs - 60_000), ...rest }
}

export function fleetOf(shot: RollSnapshot, first: readonly string[] = []): Fleet {
  return sortFleet(shot, { record: shot.record, condemned: shot.condemned, first })
}

/** The next steps in short: `launch 1`, `drain a`, `hold 2`. */
export function inShort(shot: RollSnapshot, change: Partial<RollPolicy> = {}): string[] {
  return nextSteps(shot, { ...plainPolicy, ...change }).map(shortStep)
}

export function shortStep(step: Step): string {
  if (step.do === 'launch') return `launch ${step.count}`
  if ('at' in step) return `${step.do} ${step.at}`
  return 'instanceId' in step ? `${step.do} ${step.instanceId}` : step.do
}

export function reasons(shot: RollSnapshot, change: Partial<RollPolicy> = {}): string[] {
  return nextSteps(shot, { ...plainPolicy, ...change }).map(({ because }) => because)
}

export function instanceOf(id: string, { seen: _, ageSeconds = 0, ...given }: Sketch = {}): Instance {
  return {
    id,
    imageId: 'new',
    release: '1',
    state: 'running',
    health: 'healthy',
    url: '',
    startedAt: new Date(nowMs - ageSeconds * 1000).toISOString(),
    ssh: { host: id, port: 22, user: 'admin' },
    ...given,
  }
}

function readinessOf(seen: Partial<Readiness> = {}): Readiness {
  return { ...noReadiness, seenAlive: true, ...(seen.ready ? {} : { reason: 'slow' }), ...seen }
}

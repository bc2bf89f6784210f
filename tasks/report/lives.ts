import type { BeganEvent, RollEvent, StepEvent } from '../lib/roll/events.ts'
import { instanceLooks, type Look, oldInstances } from './instance-looks.ts'

/**
 * Phases in the order of a life; `silent` has booted and does not answer yet, `drained` no longer serves anything,
 * `dead` has lost its machine.
 */
export const phases = [
  'booting',
  'starting',
  'silent',
  'unhealthy',
  'healthy',
  'ready',
  'draining',
  'drained',
  'dead',
] as const
export type Phase = (typeof phases)[number]

/** A period in one phase. */
export interface Stretch {
  readonly phase: Phase
  readonly fromMs: number
  readonly toMs: number
  /** Why it is not ready. */
  readonly reason?: string
}

/** `old`: existed before and does not run the roll's image. `new`: runs it. `returned`: launched during the rollback. */
export type Role = 'old' | 'new' | 'returned'

export interface Life {
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly zone?: string
  readonly startedAt: string
  readonly role: Role
  /** In order; without gaps, unless the group lost the instance for a while. */
  readonly stretches: readonly Stretch[]
  readonly steps: readonly LifeStep[]
  readonly isGone: boolean
}

export interface LifeStep extends Pick<StepEvent, 'step' | 'because'> {
  readonly atMs: number
}

type Taken = RollEvent & StepEvent

/** The lives of all instances, in the order in which they were first seen. */
export function livesOf(events: readonly RollEvent[]): Life[] {
  const endMs = events.reduce((last, { at }) => Math.max(last, Date.parse(at)), 0)
  const began = events.findLast((event) => event.event === 'began')
  const isOld = oldInstances(events)
  const seen = Map.groupBy(instanceLooks(events), ({ id }) => id)
  const taken = Map.groupBy(
    events.filter((event) => event.event === 'step'),
    ({ instanceId }) => instanceId,
  )
  const launches = (taken.get(undefined) ?? []).filter(({ step }) => step === 'launch')
  return [...seen].flatMap(([id, looks]) => {
    const first = looks[0]
    if (!first || first.state === 'gone') return []
    const { imageId, release, zone, startedAt } = first
    const role = roleOf(began, first, isOld.has(id))
    const isGone = looks.at(-1)?.state === 'gone'
    // One that was never healthy may still become so, unless it is gone: then it never was.
    const isNewHere = role !== 'old' && !(isGone && looks.every(({ health }) => health !== 'healthy'))
    const steps = [...launchOf(first, isOld.has(id), launches), ...(taken.get(id) ?? []).filter(isNewStep)]
    return {
      id,
      imageId,
      release,
      ...(zone === undefined ? {} : { zone }),
      startedAt,
      role,
      stretches: stretchesOf(looks, endMs, isNewHere),
      steps: steps.map(({ at, step, because }) => ({ atMs: Date.parse(at), step, because })),
      isGone,
    }
  })
}

function roleOf(began: BeganEvent | undefined, first: Look, isOld: boolean): Role {
  // With force, the image does not distinguish old from new.
  if (began?.policy.force) return isOld ? 'old' : 'new'
  if (first.imageId === began?.imageId) return 'new'
  return isOld ? 'old' : 'returned'
}

/** The launch that created an instance; it is recorded when the instance is first seen. */
function launchOf({ at }: Look, isOld: boolean, launches: readonly Taken[]): Taken[] {
  const launch = isOld ? undefined : launches.findLast((one) => one.at <= at)
  return launch ? [{ ...launch, at }] : []
}

function stretchesOf(looks: readonly Look[], endMs: number, isNewHere: boolean): Stretch[] {
  const stretches: Stretch[] = []
  let mayBeSilent = isNewHere
  for (const [index, look] of looks.entries()) {
    if (look.state === 'gone') continue
    const before = stretches.at(-1)
    if (look.health === 'healthy') mayBeSilent = false
    const seen = phaseOf(look, before?.phase)
    const phase = seen === 'unhealthy' && mayBeSilent ? 'silent' : seen
    const toMs = Date.parse(looks[index + 1]?.at ?? '') || endMs
    const reason = look.reason === undefined ? {} : { reason: look.reason }
    const fromMs = Date.parse(look.at)
    if (before?.phase === phase && before.toMs === fromMs)
      stretches[stretches.length - 1] = { ...before, ...reason, toMs }
    else stretches.push({ phase, fromMs, toMs, ...reason })
  }
  return stretches
}

function phaseOf({ state, health, ready }: Look, before: Phase | undefined): Phase {
  if (state === 'stopped') return 'dead'
  if (health === 'draining') return 'draining'
  if (health === 'unused' && before !== undefined && before !== 'booting') return 'drained'
  if (state === 'pending' || health === 'unused') return 'booting'
  if (ready) return 'ready'
  return health === 'initial' ? 'starting' : health
}

/** A step that the platform refuses is repeated. */
function isNewStep({ step, because }: Taken, index: number, all: readonly Taken[]): boolean {
  const before = all[index - 1]
  return before?.step !== step || before.because !== because
}

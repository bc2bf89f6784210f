import { type Clock, secondsSince } from '../clock.ts'
import { OperatorError } from '../errors.ts'
import { holdingLock } from '../group-lock.ts'
import { instanceLines, type Observation, watchGroup } from '../group-watch.ts'
import { refuseOtherService, resolveImage } from '../image-choice.ts'
import { lackingInPlace } from '../in-place.ts'
import type { InfrastructurePlan } from '../infrastructure.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import { noGroup } from '../no-group.ts'
import type { Group, Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Probe } from '../readiness.ts'
import { type BringInPlace, bringToLacking, refuseUnfinishedRelease } from '../release/top-up.ts'
import { convergenceSteps, creationSteps, type DeployStep, type GroupSpec } from './planner.ts'

export interface DeployTask {
  readonly platform: Platform
  /** Default `deploy`; `scale` changes only the size of an existing group. */
  readonly verb?: 'deploy' | 'scale' | undefined
  /** Image id or release; default: the group's image, or for a new group the newest verified one. */
  readonly image?: string | undefined
  /** Default: the group's size, or 2 for a new group. */
  readonly size?: number | undefined
  /** Infrastructure changes to apply first; the operator has confirmed them. */
  readonly infrastructure?: InfrastructurePlan | undefined
  readonly instanceTimeoutSeconds: number
  /** For a release that is in place. */
  readonly bringInPlace?: BringInPlace | undefined
  readonly probe: Probe
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  /** Interval between observations; default 1 s. */
  readonly pollMs?: number | undefined
}

export interface DeployResult {
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly url: string
  readonly image: string
  readonly size: number
  /** Instances that do not run the image yet; `roll` replaces them. */
  readonly outdated: number
}

type GiveUp = DeployStep & { readonly do: 'give up' }

const defaultSize = 2

/**
 * Creates the group or brings it to its spec, and returns when every instance is ready. Resumes an unfinished deploy.
 * Throws `refused` during a roll, `usage` when there is no group to scale, `failed` when an instance does not become
 * healthy; tears nothing down.
 */
export async function deployGroup(task: DeployTask): Promise<DeployResult> {
  const { platform, verb = 'deploy' } = task
  if (verb === 'scale' && !(await platform.group())) throw noGroup(platform)
  return holdingLock(verb, task, async () => {
    const before = await platform.group()
    const spec = await resolveSpec(task, before)
    throwIfInterrupted(verb, task.signal)
    const isRebuilt = task.infrastructure?.isEmpty === false
    if (isRebuilt) await task.infrastructure?.apply(task)
    const mended = before ? await platform.repairLoadBalancer() : []
    for (const words of mended) task.progress.event(words)
    // `converge` launches what it sees missing: Auto Scaling may already have started some instances.
    if (!before) {
      for (const step of creationSteps(spec).slice(0, 1)) task.progress.event(inWords(step))
      await platform.createGroup(spec.imageId, spec.size)
    }
    const { group, changes } = await converge(task, spec, verb)
    const { failure, hint } = group.inPlace ? await bringToLacking(platform, task.bringInPlace) : {}
    if (failure !== undefined) task.progress.warn(lackingInWords(group, failure, hint))
    return {
      outcome: before ? (isRebuilt || changes + mended.length > 0 ? 'updated' : 'unchanged') : 'created',
      url: group.url,
      image: spec.imageId,
      size: spec.size,
      outdated: group.instances.filter(({ imageId }) => imageId !== spec.imageId).length,
    }
  })
}

/** The target spec and the changes needed to reach it, one line each; no lines when nothing would change. */
export async function planDeploy(task: DeployTask): Promise<{ spec: GroupSpec; steps: string[] }> {
  const spec = await resolveSpec(task, await task.platform.group())
  const seen = await watchGroup(task, { probesNeeded: 1 }).look()
  const steps = seen ? convergenceSteps(seen, spec, task.instanceTimeoutSeconds) : creationSteps(spec)
  return { spec, steps: steps.filter((step) => step.do !== 'wait' && step.do !== 'finish').map(inWords) }
}

async function resolveSpec({ platform, image, size }: DeployTask, group: Group | undefined): Promise<GroupSpec> {
  if (group?.roll) {
    throw new OperatorError('refused', `the roll to ${group.roll.imageId} is not finished`, { hint: 'npm run roll' })
  }
  refuseUnfinishedRelease(group)
  const desiredSize = size ?? group?.size ?? defaultSize
  const images = await platform.images()
  refuseOtherService(images, group, platform.service)
  if (group && image === undefined) return { imageId: group.imageId, size: desiredSize }
  return { imageId: resolveImage(images, image, group, platform.service).id, size: desiredSize }
}

async function converge(task: DeployTask, spec: GroupSpec, verb: string): Promise<{ group: Group; changes: number }> {
  const watch = watchGroup(task, { probesNeeded: 1 })
  for (let changes = 0; ; ) {
    throwIfInterrupted(verb, task.signal)
    const seen = await watch.look()
    if (!seen) throw new OperatorError('failed', `the group was removed during the ${verb}`)
    task.progress.live(instanceLines(seen))
    const steps = convergenceSteps(seen, spec, task.instanceTimeoutSeconds)
    if (steps.some((step) => step.do === 'finish')) return { group: seen.group, changes }
    for (const step of steps) {
      throwIfInterrupted(verb, task.signal)
      if (step.do === 'give up') throw await notHealthy(task, seen, step)
      if (step.do !== 'wait') changes += 1
      await act(task, step)
    }
    await pause(task.clock, task.pollMs ?? 1000, verb, task.signal)
  }
}

async function act({ platform, progress }: DeployTask, step: DeployStep): Promise<unknown> {
  if (step.do === 'wait' || step.do === 'finish' || step.do === 'give up' || step.do === 'create') return
  progress.event(inWords(step))
  if (step.do === 'update') return platform.updateGroup(step.change)
  if (step.do === 'launch') return platform.launch(step.count)
  if (step.do === 'drain') return platform.drain(step.instanceId)
  if (step.do === 'terminate') return platform.terminate(step.instanceId)
  return platform.repairLoadBalancer()
}

function lackingInWords(group: Group, failure: string, hint = 'npm run heal tries again'): string {
  const ids = lackingInPlace(group).map(({ id }) => id)
  return `${ids.join(', ')} without ${group.inPlace?.release}, which is in place: ${failure}; ${hint}`
}

async function notHealthy({ platform }: DeployTask, seen: Observation, { instanceId: id, because }: GiveUp) {
  const seconds = secondsSince(seen.readiness.get(id)?.unreadySinceMs ?? seen.nowMs, seen.nowMs)
  const message = `group ${seen.group.name} not healthy after ${seconds} s: ${id}: ${because}`
  return new OperatorError('failed', message, {
    hint: `npm run heal -- --instance ${id}${await consoleTail(platform, id)}`,
  })
}

function inWords(step: DeployStep): string {
  if (step.do === 'launch') return `launch ${step.count}: ${step.because}`
  if ('instanceId' in step) return `${step.do} ${step.instanceId}: ${step.because}`
  return `${step.do}: ${step.because}`
}

/** The last console lines of an instance, to append to a hint; empty when there are none. */
async function consoleTail(platform: Platform, instanceId: string, lines = 8): Promise<string> {
  const output = await platform.consoleOutput(instanceId).catch(() => '')
  const tail = output.trimEnd().split('\n').slice(-lines).filter(Boolean)
  return tail.length > 0 ? `\nits console ends with:\n${tail.map((line) => `  ${line}`).join('\n')}` : ''
}

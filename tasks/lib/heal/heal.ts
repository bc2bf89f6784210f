import { inTurns } from '../bounded.ts'
import { OperatorError } from '../errors.ts'
import { holdingLock } from '../group-lock.ts'
import { noGroup } from '../no-group.ts'
import type { Group } from '../platform.ts'
import { bringToLacking } from '../release/top-up.ts'
import { type Examination, examine } from './examination.ts'
import { diagnose, repairs } from './planner.ts'
import { planRepair, repairInside } from './repairs.ts'
import { launchMissing, replaceInstance } from './replacement.ts'
import type { HealedInstance, HealTask } from './task.ts'

/** `refused`: something is wrong that no allowed repair can fix; nothing was touched. */
export interface HealResult {
  readonly outcome: 'healthy' | 'healed' | 'failed' | 'refused' | 'planned'
  readonly instances: readonly Omit<HealedInstance, 'state'>[]
  /** Repairs of the load balancer, in words. */
  readonly loadBalancer: readonly string[]
  /** Instances launched because they were missing. */
  readonly launched: readonly string[]
}

/**
 * Finds what is broken and repairs it: first the load balancer, then from inside the instances, smallest repair first,
 * then by replacement. Throws `refused` during a roll, and when this computer itself seems to be offline.
 */
export async function healGroup(task: HealTask): Promise<HealResult> {
  if (task.policy.dryRun) return planHeal(task)
  return holdingLock('heal', task, async () => {
    const group = await healableGroup(task)
    const loadBalancer = await task.platform.repairLoadBalancer()
    for (const words of loadBalancer) task.progress.event(words)
    const { instances, examinations } = await examineAll(task, group)
    const broken = instances.filter(({ state }) => state !== 'healthy')
    const atOnce = broken.length === group.instances.length ? 1 : Math.floor(group.size * task.policy.share)
    await inTurns(broken, atOnce, (instance) => repairInside(task, instance))
    const { launched, failure } = await replaceDead(task, instances, examinations)
    for (const instance of instances.filter(({ state }) => state === 'to replace')) {
      conclude(instance, await replaceInstance(task, instance.id))
    }
    const lack = await bringInPlace(task, instances, group)
    return {
      outcome: (failure ?? lack) === undefined ? outcomeOf(instances, loadBalancer.length + launched.length) : 'failed',
      instances: shown(instances),
      loadBalancer,
      launched,
    }
  })
}

async function planHeal(task: HealTask): Promise<HealResult> {
  const { instances, examinations } = await examineAll(task, await healableGroup(task))
  for (const instance of instances) planRepair(task, instance, examinations.get(instance.id))
  const outcome = instances.every(({ state }) => state === 'healthy') ? 'healthy' : 'planned'
  return { outcome, instances: shown(instances), loadBalancer: [], launched: [] }
}

async function healableGroup({ platform, policy }: HealTask): Promise<Group> {
  const group = await platform.group()
  if (!group) throw noGroup(platform)
  if (group.roll) {
    throw new OperatorError('refused', `the roll to ${group.roll.imageId} is not finished`, { hint: 'npm run roll' })
  }
  const ids = group.instances.map(({ id }) => id)
  if (policy.instance === undefined || ids.includes(policy.instance)) return group
  throw new OperatorError('usage', `no instance ${policy.instance}`, { hint: `there are ${ids.join(', ')}` })
}

async function examineAll(task: HealTask, group: Group) {
  const { instance: only } = task.policy
  const ids = group.instances.map(({ id }) => id).filter((id) => only === undefined || id === only)
  const patienceMs = 2 * (task.pollMs ?? 1000)
  const found = await Promise.all(ids.map(async (id) => [id, await examine(task, id, patienceMs)] as const))
  refuseWhenOffline(found.map(([, examination]) => examination))
  const instances = found.map(([id, { symptoms }]): HealedInstance => {
    const diagnosis = diagnose(symptoms)
    return { id, diagnosis: diagnosis ?? 'healthy', repairs: [], state: diagnosis ? 'broken' : 'healthy' }
  })
  return { instances, examinations: new Map(found) }
}

function refuseWhenOffline(examinations: readonly Examination[]): void {
  const isUnseen = ({ symptoms: { probe, ssh, health } }: Examination) =>
    !probe.ok && ssh === 'unreachable' && health === 'healthy'
  if (examinations.length === 0 || !examinations.every(isUnseen)) return
  throw new OperatorError('refused', 'the load balancer says healthy, but no instance can be reached from here', {
    hint: 'npm run doctor checks the connection from this computer to the instances',
  })
}

/** Terminates dead instances and launches what the group then lacks, all at once: they serve nothing. */
async function replaceDead(
  task: HealTask,
  instances: readonly HealedInstance[],
  examinations: Map<string, Examination>,
): Promise<{ launched: readonly string[]; failure?: string }> {
  if (task.policy.maxRepair !== 'replace') return { launched: [] }
  const isDead = ({ id }: HealedInstance) => examinations.get(id)?.symptoms.machine === 'stopped'
  const dead = instances.filter((instance) => instance.state === 'to replace' && isDead(instance))
  await Promise.all(dead.map(({ id }) => task.platform.terminate(id)))
  if (task.policy.instance !== undefined && dead.length === 0) return { launched: [] }
  const done = await launchMissing(task)
  for (const instance of dead) conclude(instance, done.failure)
  return done
}

/** What lacks the release that is in place gets it, also what this heal has launched. Returns why not. */
async function bringInPlace(
  task: HealTask,
  instances: readonly HealedInstance[],
  before: Group,
): Promise<string | undefined> {
  const { policy, progress } = task
  if (!before.inPlace) return undefined
  const unfinished = before.inPlace.upTo === undefined
  if (unfinished)
    progress.warn(`the release of ${before.inPlace.release} is not finished: npm run release carries it on`)
  if (unfinished || repairs.indexOf(policy.maxRepair) < repairs.indexOf('release')) return undefined
  const due = instances.filter(({ state }) => state === 'to release')
  const others = before.instances.filter(({ id }) => policy.instance !== undefined && id !== policy.instance)
  const spared = { alsoTo: due.map(({ id }) => id), except: new Set(others.map(({ id }) => id)) }
  const { released, failure, hint } = await bringToLacking(task.platform, task.bringInPlace, spared)
  if (failure !== undefined) progress.warn(hint === undefined ? failure : `${failure}; ${hint}`)
  for (const one of due) conclude(one, released.includes(one.id) ? undefined : (failure ?? 'its machine is gone'))
  return failure
}

function conclude(instance: HealedInstance, failure: string | undefined): void {
  instance.state = failure === undefined ? 'healed' : 'broken'
  const last = instance.repairs.at(-1)
  if (last) last.result = failure === undefined ? 'worked' : `failed: ${failure}`
}

function outcomeOf(instances: readonly HealedInstance[], mended: number): HealResult['outcome'] {
  const touched = mended + instances.flatMap(({ repairs }) => repairs).length
  if (instances.some(({ state }) => state === 'broken')) return touched > 0 ? 'failed' : 'refused'
  return touched > 0 ? 'healed' : 'healthy'
}

function shown(instances: readonly HealedInstance[]): Omit<HealedInstance, 'state'>[] {
  return instances.map(({ id, diagnosis, repairs }) => ({ id, diagnosis, repairs }))
}

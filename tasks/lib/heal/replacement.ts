import { OperatorError } from '../errors.ts'
import { watchGroup } from '../group-watch.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import type { Group, Instance } from '../platform.ts'
import type { HealTask } from './task.ts'

/**
 * Launches what the group lacks and waits until it is ready. Returns the new ids; `failure` says why they are not
 * ready.
 */
export async function launchMissing(task: HealTask): Promise<{ launched: string[]; failure?: string }> {
  const group = await groupNow(task)
  const missing = group.size - alive(group).length
  if (missing <= 0) return { launched: [] }
  task.progress.event(`launch ${missing}: ${alive(group).length} of ${group.size} there`)
  try {
    const launched = await task.platform.launch(missing)
    const failure = await awaitReady(task, launched)
    if (failure === undefined) return { launched }
    task.progress.warn(failure)
    return { launched, failure }
  } catch (error) {
    return { launched: [], failure: messageOf(task, error) }
  }
}

/**
 * Replaces an instance that still runs: drains and terminates it once the new one is ready. If the new one does not
 * become ready, terminates that and keeps the old one. Returns why it failed.
 */
export async function replaceInstance(task: HealTask, id: string): Promise<string | undefined> {
  try {
    const failure = await proveReplacement(task, id)
    if (failure !== undefined) return failure
    await task.platform.drain(id)
    await awaitDrained(task, id)
    await task.platform.terminate(id)
    task.progress.event(`ended ${id}`)
    return undefined
  } catch (error) {
    return messageOf(task, error)
  }
}

async function proveReplacement(task: HealTask, id: string): Promise<string | undefined> {
  const group = await groupNow(task)
  const others = alive(group).filter((one) => one.id !== id)
  const youngest = others.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0]
  const isThereAlready = others.length >= group.size && youngest !== undefined
  const replacements = isThereAlready ? [youngest.id] : await task.platform.launch(1)
  task.progress.event(`${replacements.join(', ')} will replace ${id}`)
  const failure = await awaitReady(task, replacements)
  if (failure !== undefined) await Promise.all(replacements.map((one) => task.platform.terminate(one)))
  return failure
}

async function awaitReady(task: HealTask, ids: readonly string[]): Promise<string | undefined> {
  const { clock, policy, signal, pollMs = 1000 } = task
  const watch = watchGroup(task, {
    probesNeeded: 2,
    choose: ({ instances }) => instances.filter(({ id }) => ids.includes(id)),
  })
  const untilMs = clock.now() + policy.instanceTimeoutSeconds * 1000
  while (true) {
    throwIfInterrupted('heal', signal)
    const seen = await watch.look()
    const unready = ids.find((id) => !seen?.readiness.get(id)?.ready)
    if (unready === undefined) return undefined
    const isGone = seen?.group.instances.every((one) => one.id !== unready || one.state === 'stopped')
    if (isGone) return `${unready} died before it was healthy`
    if (clock.now() >= untilMs) return `${unready} not healthy: ${seen?.readiness.get(unready)?.reason}`
    await pause(clock, pollMs, 'heal', signal)
  }
}

async function awaitDrained(task: HealTask, id: string): Promise<void> {
  const untilMs = task.clock.now() + task.policy.instanceTimeoutSeconds * 1000
  const isDraining = (group: Group) => group.instances.some((one) => one.id === id && one.health === 'draining')
  while (isDraining(await groupNow(task)) && task.clock.now() < untilMs) {
    await pause(task.clock, task.pollMs ?? 1000, 'heal', task.signal)
  }
}

async function groupNow({ platform }: HealTask): Promise<Group> {
  const group = await platform.group()
  if (group) return group
  throw new OperatorError('failed', 'the group was removed during the heal')
}

function alive(group: Group): Instance[] {
  return group.instances.filter(({ state }) => state !== 'stopped')
}

/** Turns an OperatorError into a result and warns with its hint; rethrows interruptions and bugs. */
function messageOf({ progress }: HealTask, error: unknown): string {
  if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
  progress.warn([error.message, error.hint].filter(Boolean).join(': '))
  return error.message
}

import type { Clock } from '../clock.ts'
import { OperatorError } from '../errors.ts'
import { holdingLock } from '../group-lock.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import type { Group, Platform } from '../platform.ts'
import type { Progress } from '../progress.ts'

export interface DestroyTask {
  readonly platform: Platform
  readonly clock: Clock
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
  /** Time for all instances to terminate. */
  readonly timeoutSeconds: number
  /** Interval between observations; default 1 s. */
  readonly pollMs?: number | undefined
}

/** `left`: what still exists although it should have been removed. */
export interface DestroyResult {
  readonly outcome: 'removed' | 'nothing'
  readonly removed: readonly string[]
  readonly left: readonly string[]
}

/** Terminates all instances, removes the group and checks that nothing is left. A missing group is not an error. */
export async function destroyGroup(task: DestroyTask): Promise<DestroyResult> {
  if ((await task.platform.leftovers()).length === 0) return { outcome: 'nothing', removed: [], left: [] }
  return holdingLock('destroy', task, async () => {
    const { platform, progress } = task
    const name = (await groupToRemove(platform))?.name
    const there = await platform.leftovers()
    const ended = platform.endsInstancesWithGroup ? [] : await endInstances(task)
    throwIfInterrupted('destroy', task.signal)
    await platform.removeGroup()
    const left = await platform.leftovers()
    const removed = [...new Set([...ended, ...there])].filter((one) => !left.includes(one))
    if (left.length === 0) progress.event(name === undefined ? 'nothing is left' : `removed group ${name}`)
    return { outcome: 'removed', removed, left }
  })
}

/** Undefined when there is no group, or when it is too broken to read: `leftovers` then lists what exists of it. */
export async function groupToRemove(platform: Platform): Promise<Group | undefined> {
  try {
    return await platform.group()
  } catch (error) {
    if (error instanceof OperatorError && error.isOfBrokenGroup) return undefined
    throw error
  }
}

async function endInstances({ platform, clock, progress, signal, timeoutSeconds, pollMs = 1000 }: DestroyTask) {
  const ended = new Set<string>()
  const startedMs = clock.now()
  while (true) {
    throwIfInterrupted('destroy', signal)
    const ids = (await platform.group())?.instances.map(({ id }) => id) ?? []
    if (ids.length === 0) return [...ended]
    if (clock.now() - startedMs > timeoutSeconds * 1000) {
      throw new OperatorError('failed', `instances not terminated after ${timeoutSeconds} s: ${ids.join(', ')}`, {
        hint: 'npm run destroy',
      })
    }
    const added = ids.filter((id) => !ended.has(id))
    if (added.length === 0) await pause(clock, pollMs, 'destroy', signal)
    await Promise.all(ids.map((id) => platform.terminate(id)))
    for (const id of added) progress.event(`ended ${id}`)
    for (const id of added) ended.add(id)
  }
}

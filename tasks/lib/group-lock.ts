import { OperatorError } from './errors.ts'
import { interrupted } from './interruption.ts'
import type { Platform } from './platform.ts'
import type { Progress } from './progress.ts'

export interface LockTask {
  readonly platform: Platform
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `work` while holding the group's lock, and always releases it. After an interruption, an unexpected error of
 * `work` becomes one of kind `interrupted`.
 */
export async function holdingLock<T>(verb: string, task: LockTask, work: () => Promise<T>): Promise<T> {
  const lock = await task.platform.lock(verb)
  if (lock.takenOver) {
    const { owner, verb: theirs, since } = lock.takenOver
    task.progress.warn(`took over the lock of ${theirs} by ${owner} (since ${since}), who is gone`)
  }
  try {
    const result = await work()
    await lock.release()
    return result
  } catch (error) {
    // The failure of the work matters more than that of the release.
    await lock.release().catch((failure: Error) => task.progress.warn(`the lock was not released: ${failure.message}`))
    if (task.signal?.aborted && !(error instanceof OperatorError)) throw interrupted(verb, error)
    throw error
  }
}

import { OperatorError } from './errors.ts'
import { interrupted } from './interruption.ts'
import type { Platform } from './platform.ts'
import type { Progress } from './progress.ts'

/** What a story needs to hold the group's lock. */
export interface LockTask {
  readonly platform: Platform
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `work` while holding the group's lock and always gives the lock back. What `work` throws because the
 * operator stopped it becomes the failure of kind `interrupted`.
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
    // Why the work failed counts more than why the lock could not be given back as well.
    await lock
      .release()
      .catch((failure: Error) => task.progress.warn(`the lock was not given back: ${failure.message}`))
    if (task.signal?.aborted && !(error instanceof OperatorError)) throw interrupted(verb, error)
    throw error
  }
}

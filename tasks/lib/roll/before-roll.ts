import { OperatorError } from '../errors.ts'
import type { Group } from '../platform.ts'
import type { HookedImage } from './hooks.ts'
import type { RollTask } from './task.ts'

/**
 * Runs the hook of a roll that is not under way yet, and is no rollback. Throws `refused` when it fails: then nothing has been
 * changed. A roll that dies in it runs it again.
 */
export async function runBeforeRoll(task: RollTask, before: Group, image: HookedImage): Promise<void> {
  const hook = task.hooks?.beforeRoll
  if (hook === undefined || before.roll !== undefined || task.isRollback) return
  try {
    await hook(image)
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
    const hint = error.hint ?? 'mend it, then roll again'
    throw new OperatorError('refused', `${error.message}; nothing was changed`, { hint, cause: error })
  }
}

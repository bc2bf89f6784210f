import type { Clock } from './clock.ts'
import { OperatorError } from './errors.ts'

/** Throws `interrupted` when the operator has asked to stop. */
export function throwIfInterrupted(verb: string, signal?: AbortSignal): void {
  if (signal?.aborted) throw interrupted(verb)
}

/** The failure of a verb that its operator stopped: nothing is torn down, the same command resumes. */
export function interrupted(verb: string, cause?: unknown): OperatorError {
  return new OperatorError('interrupted', `${verb} interrupted; what it did so far stays`, {
    hint: `npm run ${verb} carries on from here`,
    cause,
  })
}

/** Sleeps on `clock`; throws `interrupted` when the operator stops it. */
export async function pause(clock: Clock, ms: number, verb: string, signal?: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    if (!signal?.aborted) throw error
  }
  throwIfInterrupted(verb, signal)
}

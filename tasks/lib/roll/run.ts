import { emptyMemory, type Refusal, type RollMemory } from './snapshot.ts'
import type { RollTask } from './task.ts'

export interface RollRun extends RollMemory {
  readonly task: RollTask
  phaseStartedMs: number
  refusals: { launch?: Refusal | undefined; other?: Refusal | undefined }
  readonly condemned: Set<string>
  readonly accepted: Set<string> | undefined
  readonly rejected: Map<string, string>
  readonly hookFailures: Map<string, { readonly times: number; readonly reason: string }>
  /** A failed hook is not tried again before this moment. */
  hookRestsUntilMs: number
  /** Instances whose `beforeTerminate` hook is done. */
  readonly released: Set<string>
  heldSinceMs: number | undefined
  /** Steps refused since the last successful one, in words: retries are not reported again. */
  readonly refusedSteps: Set<string>
  imageChanges: number
}

export function newRun(task: RollTask, startedMs: number): RollRun {
  return {
    ...emptyMemory(startedMs),
    task,
    condemned: new Set(),
    rejected: new Map(),
    released: new Set(),
    hookFailures: new Map(),
    accepted: task.hooks?.afterAccept ? new Set() : undefined,
    heldSinceMs: undefined,
    hookRestsUntilMs: 0,
    refusedSteps: new Set(),
  }
}

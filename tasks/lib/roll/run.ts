import { emptyMemory, type Refusal, type RollMemory } from './snapshot.ts'
import type { RollTask } from './task.ts'

/** What a run of a roll remembers beside what it sees; all of it may be lost with the run. */
export interface RollRun extends RollMemory {
  readonly task: RollTask
  phaseStartedMs: number
  refusals: { launch?: Refusal | undefined; other?: Refusal | undefined }
  readonly condemned: Set<string>
  readonly accepted: Set<string> | undefined
  readonly rejected: Map<string, string>
  readonly hookFailures: Map<string, { readonly times: number; readonly reason: string }>
  /** Before this moment the hook that failed is not tried again. */
  hookRestsUntilMs: number
  /** The instances that the hook before the end was done for. */
  readonly released: Set<string>
  heldSinceMs: number | undefined
  /** What was refused since the last step that was done, in words: it is not said again at each try. */
  readonly refusedSteps: Set<string>
  imageChanges: number
}

/** A run that has done nothing yet. */
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

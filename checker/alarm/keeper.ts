import type { AlarmState } from './state.ts'
import { saveState } from './state-file.ts'

/** Saves the state repeatedly and remembers the last failure: a full disk must not stop an alarm. */
export function keepState(file: string, lockProblem: string | undefined) {
  let problem: string | undefined
  return {
    problem: () => problem ?? lockProblem,
    save: (state: AlarmState) => {
      try {
        saveState(file, state)
        problem = undefined
      } catch (error) {
        problem = `the state could not be written: ${error instanceof Error ? error.message : error}`
      }
    },
  }
}

/** Skips calls so that they take at most a tenth of the time: a thousand messages must not wait for the disk a thousand times. */
export function throttled<T>(work: (value: T) => void): (value: T) => void {
  let nextMs = Number.NEGATIVE_INFINITY
  return (value) => {
    const startMs = performance.now()
    if (startMs < nextMs) return
    work(value)
    const endMs = performance.now()
    nextMs = endMs + 9 * (endMs - startMs)
  }
}

import type { Progress } from '../lib/progress.ts'
import type { Settings } from '../settings/settings.ts'

/** What a verb is given. */
export interface TaskContext {
  readonly verb: string
  readonly settings: Settings
  /** What somebody said of the settings, as it would be typed in any folder. */
  readonly said: ReadonlyMap<string, string>
  readonly positionals: string[]
  /** What came after `--`. */
  readonly rest: string[]
  readonly progress: Progress
  /**
   * Returns when the answer is yes: at once with `--yes`, else by asking on a terminal. Throws `refused` (exit code 3) when
   * the answer is no, or when there is nobody to ask.
   */
  confirm(question: string): Promise<void>
  /** One line on stdout at once, for output that has no end; on stderr with `--json`. */
  print(line: string): void
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal
  /** Called when the task has ended, whatever way; the last one registered first. */
  onExit(cleanup: () => void | Promise<void>): void
}

/** What came of a verb. */
export interface TaskResult {
  /** One line for people. */
  readonly line: string
  /** What `--json` prints, beside `ok`. */
  readonly facts: Record<string, unknown>
  /** Default: the exit code is 0. */
  readonly ok?: boolean
  /** Default: 0. */
  readonly exitCode?: number
  /** Replaces the line on stdout, as it is. */
  readonly output?: string
}

/** The default export of the entry of a verb. */
export type Task = (context: TaskContext) => Promise<TaskResult>

import type { Progress } from '../lib/progress.ts'
import type { Settings } from '../settings/settings.ts'

export interface TaskContext {
  readonly verb: string
  readonly settings: Settings
  /** Settings that were given explicitly, as flags that work in any folder. */
  readonly said: ReadonlyMap<string, string>
  readonly positionals: string[]
  /** What came after `--`. */
  readonly rest: string[]
  /** The user's working folder. */
  readonly workingFolder: string
  readonly progress: Progress
  /**
   * Returns when the answer is yes: at once with `--yes`, else by asking on a terminal. Throws `refused` (exit code 3)
   * when the answer is no, or when there is no terminal.
   */
  confirm(question: string): Promise<void>
  /** Writes one line to stdout at once, for output without an end; to stderr with `--json`. */
  print(line: string): void
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal
  /** Runs when the task has ended, in any way; the last one registered runs first. */
  onExit(cleanup: () => void | Promise<void>): void
}

export interface TaskResult {
  /** One line for people. */
  readonly line: string
  /** What `--json` prints, besides `ok`. */
  readonly facts: Record<string, unknown>
  /** Default: the exit code is 0. */
  readonly ok?: boolean
  /** Default: 0. */
  readonly exitCode?: number
  /** Replaces the line on stdout, unchanged. */
  readonly output?: string
}

/** The default export of a verb's file. */
export type Task = (context: TaskContext) => Promise<TaskResult>

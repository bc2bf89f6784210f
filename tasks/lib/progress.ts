/** Reports what a verb is doing. Implemented in tasks/terminal; silent and recording ones in tests. */
export interface Progress {
  /** One line per change: `event('launched i-0a1')`. */
  event(message: string): void
  /** Runs `work` as a named step: shown with its elapsed time until it ends. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Replaces the live lines below the steps (the instances, say) on a terminal; does nothing elsewhere. */
  live(lines: readonly string[]): void
  /** Something the user should know although the work continues. */
  warn(message: string): void
  /** A line of an outside program's output, shown only with --verbose: `progress.detail?.(line)`. */
  detail?(line: string): void
  /** Clears the live lines, so that something else can use the screen until the returned function is called. */
  suspend?(): () => void
}

import type { CheckOptions } from './options/options.ts'
import type { CheckTarget } from './probe/target.ts'
import type { CheckReport } from './verdict/report.ts'

/** The checker's own clock: when trusted, true time = own time − offsetMs ± errorMs. */
export type OwnClock =
  | { readonly state: 'trusted'; readonly offsetMs: number; readonly errorMs: number; readonly source: string }
  | { readonly state: 'unknown'; readonly reason: string }
  | { readonly state: 'unmeasured' }

export interface CheckRun {
  readonly targets: readonly CheckTarget[]
  readonly options: CheckOptions
  /** The options that were set explicitly, by setting key, as text that is valid from any folder. */
  readonly said?: ReadonlyMap<string, string>
  /** Used when the options name no version; any of these is right. */
  readonly expectVersion?: readonly string[]
  /** Adds what only the caller knows to the report, before it is rendered. */
  readonly describe?: (report: CheckReport) => CheckReport
  /** The command that repeats this check, before flags and urls; absent: the running script. */
  readonly again?: {
    readonly words: readonly string[]
    /** Environment variables that the command needs. */
    readonly variables?: Readonly<Record<string, string>>
    /** The group that the command checks when no url follows; `id` is unique on this computer. */
    readonly group?: { readonly name: string; readonly id: string }
  }
}

export interface RunHost {
  /** The `performance.now()` from which the deadline counts. */
  readonly startedMs: number
  /** Aborted to stop the run early. */
  readonly signal?: AbortSignal | undefined
  /** Reports a problem outside the check itself. */
  warn(line: string): void
  /** Reports progress of a run that does not end by itself. */
  say?(line: string): void
}

export interface Outcome {
  /** Absent when nothing was measured. */
  readonly report?: CheckReport
  /** For `--json`, where there is no report. */
  readonly facts?: Record<string, unknown>
  /** With its final line break. */
  readonly stdout: string
  readonly exitCode: number
}

export interface RunOutcome extends Outcome {
  readonly report: CheckReport
  /** The report in the requested format, or its summary when the report went to a file; with a final line break. */
  readonly stdout: string
  readonly exitCode: number
}

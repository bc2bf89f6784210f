import type { CheckOptions } from './options/options.ts'
import type { CheckTarget } from './probe/target.ts'
import type { CheckReport } from './verdict/report.ts'

/** What is known of the checker's own clock; the true time is our clock − offsetMs, give or take errorMs. */
export type OwnClock =
  | { readonly state: 'trusted'; readonly offsetMs: number; readonly errorMs: number; readonly source: string }
  | { readonly state: 'unknown'; readonly reason: string }
  | { readonly state: 'unmeasured' }

/** One run: what is checked and how. */
export interface CheckRun {
  readonly targets: readonly CheckTarget[]
  readonly options: CheckOptions
  /** What somebody said of the options, as it would be typed in any folder, by the keys of their settings. */
  readonly said?: ReadonlyMap<string, string>
  /** Any of these is right where the options name no version. */
  readonly expectVersion?: readonly string[]
  /** Adds to the report what the caller alone knows; what it returns goes into every format. */
  readonly describe?: (report: CheckReport) => CheckReport
  /** The words that call this check again, flags and urls follow; absent: the script that runs now. */
  readonly again?: {
    readonly words: readonly string[]
    /** What they need of the environment. */
    readonly variables?: Readonly<Record<string, string>>
    /** What they check by themselves, without a url; `id` tells it from all others of this computer. */
    readonly group?: { readonly name: string; readonly id: string }
  }
}

/** Where a run runs. */
export interface RunHost {
  /** The reading of `performance.now()` from which the deadline counts. */
  readonly startedMs: number
  /** Aborted when a run is to end before its time. */
  readonly signal?: AbortSignal | undefined
  /** Tells a person of what went wrong beside the check itself. */
  warn(line: string): void
  /** Tells a person what goes on, where it has no end by itself. */
  say?(line: string): void
}

/** What a command line came to. */
export interface Outcome {
  /** What was measured, where something was. */
  readonly report?: CheckReport
  /** What `--json` tells of an outcome that is no report. */
  readonly facts?: Record<string, unknown>
  /** What is written at the end, with its line break. */
  readonly stdout: string
  readonly exitCode: number
}

/** What came of a run. */
export interface RunOutcome extends Outcome {
  readonly report: CheckReport
  /** The report in the form that was asked for, or its summary when the report went to a file; with a line break. */
  readonly stdout: string
  readonly exitCode: number
}

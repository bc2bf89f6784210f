/** What a probe means against the expectations. */
export type Verdict = 'ok' | 'warning' | 'critical' | 'unknown'

/** What is known of one address of one service; a field that does not apply is absent. */
export interface TargetReport {
  readonly url: string
  readonly address?: string
  readonly verdict: Verdict
  /** Why the verdict is not ok, the worst first; then what had to be assumed. */
  readonly reasons: readonly string[]
  readonly status?: number
  /** Where the redirects that were followed led, in order. */
  readonly redirects?: readonly string[]
  readonly latencyMs?: number
  readonly version?: { readonly found?: string; readonly expected?: string }
  readonly clock?: ClockReport
  readonly certificate?: CertificateReport
}

/** The certificate that ends first, of all that the connections of a check were shown. */
export interface CertificateReport {
  /** Whole days, negative after its end. */
  readonly daysLeft: number
  /** ISO 8601, UTC. */
  readonly endsAt: string
  /** Whose it is, where a redirect led away from the host of the url. */
  readonly host?: string
}

/** The service's clock minus the true time lies within `offsetMs ± errorMs`. */
export interface ClockReport {
  readonly offsetMs: number
  readonly errorMs: number
  readonly limitMs: number
  readonly format: string
  readonly samples: number
  /** How many clocks the samples tell apart: more than one, or one that was stepped; `offsetMs` is of the worst. */
  readonly clocks: number
}

/** The result of one run; written as it is by `--json`. */
export interface CheckReport {
  /** The verdict is ok. */
  readonly ok: boolean
  readonly verdict: Verdict
  readonly summary: string
  readonly targets: readonly TargetReport[]
  /** The checker's own clock minus the true time, where it was measured, or why it cannot be trusted. */
  readonly ownClock?: OwnClockReport | { readonly reason: string }
}

/** The checker's own clock minus the true time lies within `offsetMs ± errorMs`, by the word of `source`. */
export interface OwnClockReport {
  readonly offsetMs: number
  readonly errorMs: number
  readonly source: string
}

/** The exit code of each verdict, as Nagios reads them. */
export const exitCodes: Record<Verdict, number> = { ok: 0, warning: 1, critical: 2, unknown: 3 }

/** Of a check that was told to stop: 128 + SIGINT, as a shell says it. */
export const interruptedExitCode = 130

const bestFirst: readonly Verdict[] = ['ok', 'warning', 'unknown', 'critical']

/** The worst of several: critical, then unknown, warning, ok. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return bestFirst[Math.max(0, ...verdicts.map(severity))] ?? 'unknown'
}

/** How bad a verdict is, to sort by: 0 ok to 3 critical. */
export function severity(verdict: Verdict): number {
  return bestFirst.indexOf(verdict)
}

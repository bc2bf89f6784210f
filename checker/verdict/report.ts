export type Verdict = 'ok' | 'warning' | 'critical' | 'unknown'

/** One address of one service; a field that does not apply is absent. */
export interface TargetReport {
  readonly url: string
  readonly address?: string
  readonly verdict: Verdict
  /** Why the verdict is not ok, the worst first; then what had to be assumed. */
  readonly reasons: readonly string[]
  readonly status?: number
  /** The urls that followed redirects led to, in order. */
  readonly redirects?: readonly string[]
  readonly latencyMs?: number
  readonly version?: { readonly found?: string; readonly expected?: string }
  readonly clock?: ClockReport
  readonly certificate?: CertificateReport
}

/** The certificate that expires first, of all seen during a check. */
export interface CertificateReport {
  /** Whole days, negative once expired. */
  readonly daysLeft: number
  /** ISO 8601, UTC. */
  readonly endsAt: string
  /** The host it belongs to, when a redirect led away from the url's host. */
  readonly host?: string
}

/** The service's clock minus the true time lies within `offsetMs ± errorMs`. */
export interface ClockReport {
  readonly offsetMs: number
  readonly errorMs: number
  readonly limitMs: number
  readonly format: string
  readonly samples: number
  /** How many clocks the samples tell apart: several, or one that was stepped; `offsetMs` is the worst one's. */
  readonly clocks: number
}

/** The result of one run, printed unchanged by `--json`. */
export interface CheckReport {
  /** The verdict is ok. */
  readonly ok: boolean
  readonly verdict: Verdict
  readonly summary: string
  readonly targets: readonly TargetReport[]
  /** The checker's own clock minus the true time, or why it cannot be trusted; absent when not measured. */
  readonly ownClock?: OwnClockReport | { readonly reason: string }
}

/** The checker's own clock minus the true time lies within `offsetMs ± errorMs`, according to `source`. */
export interface OwnClockReport {
  readonly offsetMs: number
  readonly errorMs: number
  readonly source: string
}

/** Nagios exit codes. */
export const exitCodes: Record<Verdict, number> = { ok: 0, warning: 1, critical: 2, unknown: 3 }

/** A stopped check exits with 128 + SIGINT, as shells do. */
export const interruptedExitCode = 130

const bestFirst: readonly Verdict[] = ['ok', 'warning', 'unknown', 'critical']

/** The worst of several: critical, then unknown, warning, ok; ok for none. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return bestFirst[Math.max(0, ...verdicts.map(severity))] ?? 'unknown'
}

/** For sorting: 0 ok to 3 critical. */
export function severity(verdict: Verdict): number {
  return bestFirst.indexOf(verdict)
}

import type { Verdict } from '../verdict/report.ts'

/** The windows of figures, in days. */
export const windows = { '24h': 1, '7d': 7, '30d': 30, '90d': 90, '365d': 365 } as const

export type WindowName = keyof typeof windows

export interface Past {
  /** ISO 8601. */
  readonly at: string
  readonly targets: readonly TargetPast[]
}

/** One address of one service. */
export interface TargetPast {
  readonly url: string
  readonly address?: string
  /** The last check, if within two days. */
  readonly last?: LastCheck
  readonly windows: Readonly<Record<WindowName, Figures>>
  /** Days (UTC) of the last 90 with checks, in order. */
  readonly days: readonly Cell[]
  /** Quarters of an hour of the last 24 hours with checks. */
  readonly quarters: readonly Cell[]
  /** Incidents of the last 90 days, latest first, at most 200. */
  readonly incidents: readonly Incident[]
}

export interface LastCheck {
  readonly at: string
  readonly verdict: Verdict
  readonly status?: number
  readonly version?: string
}

/** Values that were not measured are absent. */
export interface Figures {
  readonly checks: Readonly<Record<Verdict, number>>
  /** Of the checks with a known verdict, the share that were ok or a warning; 1 only when all were. */
  readonly availability?: number
  /** Percentiles are right within 5 %. */
  readonly latencyMs?: {
    readonly min: number
    readonly average: number
    readonly max: number
    readonly p50: number
    readonly p95: number
  }
  /** The smallest and largest offset, and proven bounds of all offsets. */
  readonly offsetMs?: { readonly min: number; readonly max: number; readonly low: number; readonly high: number }
}

/** A day or a quarter of an hour. */
export interface Cell extends Figures {
  /** ISO 8601, UTC. */
  readonly from: string
}

/** Consecutive critical checks. */
export interface Incident {
  /** Time of the first critical check. */
  readonly began: string
  /** Time of the next good check; absent while the incident continues. */
  readonly ended?: string
  /** Until its end, or until now. */
  readonly lengthMs: number
  /** The first check's reason. */
  readonly reason: string
}

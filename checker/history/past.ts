import type { Verdict } from '../verdict/report.ts'

/** The times back over which figures are told, in days. */
export const windows = { '24h': 1, '7d': 7, '30d': 30, '90d': 90, '365d': 365 } as const

export type WindowName = keyof typeof windows

/** What a history holds, as seen at one moment. */
export interface Past {
  /** ISO 8601. */
  readonly at: string
  readonly targets: readonly TargetPast[]
}

/** One address of one service. */
export interface TargetPast {
  readonly url: string
  readonly address?: string
  /** The last check, when it is not older than two days. */
  readonly last?: LastCheck
  readonly windows: Readonly<Record<WindowName, Figures>>
  /** The days (UTC) of the last 90 on which it was checked, today the last. */
  readonly days: readonly Cell[]
  /** The quarters of an hour of the last 24 hours in which it was checked. */
  readonly quarters: readonly Cell[]
  /** Those that were under way within the last 90 days, the latest first; the latest 200 at most. */
  readonly incidents: readonly Incident[]
}

export interface LastCheck {
  readonly at: string
  readonly verdict: Verdict
  readonly status?: number
  readonly version?: string
}

/** The figures of some time; what was not measured is absent. */
export interface Figures {
  readonly checks: Readonly<Record<Verdict, number>>
  /** Of the checks that could tell, the share that were ok or a warning; 1 only when all were. */
  readonly availability?: number
  /** The percentiles are right within 5 %. */
  readonly latencyMs?: {
    readonly min: number
    readonly average: number
    readonly max: number
    readonly p50: number
    readonly p95: number
  }
  /** The least and the greatest offset, and the proven bounds within which every offset was. */
  readonly offsetMs?: { readonly min: number; readonly max: number; readonly low: number; readonly high: number }
}

/** The figures of a day or a quarter of an hour. */
export interface Cell extends Figures {
  /** ISO 8601, UTC. */
  readonly from: string
}

/** Critical checks in a row. */
export interface Incident {
  /** The first critical check. */
  readonly began: string
  /** The next check that was not; absent while it goes on. */
  readonly ended?: string
  /** From the beginning to the end, or until now. */
  readonly lengthMs: number
  /** Of the first check. */
  readonly reason: string
}

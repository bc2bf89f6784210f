import type { Verdict } from '../verdict/report.ts'

/** An outage begins, gets worse or milder, continues, ends, or its target is no longer checked. */
export type NoticeKind = 'alarm' | 'changed' | 'reminder' | 'recovered' | 'gone'

export interface Notice {
  /** Unique, and stable across delivery attempts. */
  readonly id: string
  /** Shared by all notices of one outage. */
  readonly outage: string
  readonly kind: NoticeKind
  /** Its url, with its address when the url does not contain it. */
  readonly target: string
  readonly url: string
  readonly address?: string
  /** The latest verdict; ok only in a recovery. */
  readonly verdict: Verdict
  /** Reported by the previous notice of this outage. */
  readonly previousVerdict?: Verdict
  readonly reasons: readonly string[]
  /** When the outage was first seen, and when this notice was decided; ISO 8601, UTC. */
  readonly since: string
  readonly at: string
  /** How many checks in a row found this; with `of`, how many of the last `of` checks. */
  readonly times: number
  readonly of?: number
  /** How many checks maintenance or a roll held this alarm back for. */
  readonly heldBack?: number
}

/** An outage that has been reported. */
export interface OpenAlarm {
  readonly id: string
  /** Last reported. */
  readonly verdict: Verdict
  /** How many notices were sent, and when the last was decided. */
  readonly told: number
  readonly toldMs: number
}

/** One kind of trouble of one target: consecutive checks that found it, or the opposite. */
export interface Track {
  readonly bad: number
  readonly good: number
  /** Latest bad checks in a row that were milder than the reported verdict. */
  readonly milder: number
  /** Time of the first bad check. */
  readonly sinceMs?: number
  readonly heldBack: number
  /** The latest checks, with a `window`: `x` for bad, `.` for good. */
  readonly recent?: string
  readonly alarm?: OpenAlarm
}

/** One address of a service, or its name without address, which is bad when none of its addresses is good. */
export interface TargetState {
  readonly url: string
  readonly address?: string
  readonly seenMs: number
  /** The longest recent time for which the name did not lead to this address. */
  readonly gapMs?: number
  /** Warning and critical are bad, ok is good, unknown is neither. */
  readonly outage: Track
  /** Unknown is bad, everything else good. */
  readonly blindness: Track
}

/** A message to one channel: one notice, or all notices of a check if the channel combines them. */
export interface Outgoing {
  /** Sent along, so that a receiver can recognise a repeated delivery. */
  readonly key: string
  /** The channel's id and name, without secrets. */
  readonly channel: string
  readonly channelName: string
  readonly notices: readonly Notice[]
  readonly queuedMs: number
  readonly failure?: string
}

/** Everything kept between runs. */
export interface AlarmState {
  readonly targets: Readonly<Record<string, TargetState>>
  readonly outbox: readonly Outgoing[]
}

export const freshTrack: Track = { bad: 0, good: 0, milder: 0, heldBack: 0 }
export const freshState: AlarmState = { targets: {}, outbox: [] }

export function targetKey({ url, address }: { readonly url: string; readonly address?: string }): string {
  return address === undefined ? url : `${url} ${address}`
}

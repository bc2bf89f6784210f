import type { Verdict } from '../verdict/report.ts'

/** What a notice tells: an outage begins, gets worse or milder, goes on, is over, or its target is no longer checked. */
export type NoticeKind = 'alarm' | 'changed' | 'reminder' | 'recovered' | 'gone'

/** One thing to tell people, of one target. */
export interface Notice {
  /** The same for every try to deliver it, and for no other notice. */
  readonly id: string
  /** The same for every notice of one outage. */
  readonly outage: string
  readonly kind: NoticeKind
  /** What it is called: its url, and the address behind it when the url does not name it. */
  readonly target: string
  readonly url: string
  readonly address?: string
  /** What was found last; ok only of a recovery. */
  readonly verdict: Verdict
  /** What the last notice of this outage told. */
  readonly previousVerdict?: Verdict
  readonly reasons: readonly string[]
  /** When the outage was seen first, and when this was decided; ISO 8601, UTC. */
  readonly since: string
  readonly at: string
  /** How many checks in a row, up to this one, found what is told; of the last `of` where a share counts. */
  readonly times: number
  readonly of?: number
  /** How many checks held this alarm back, because of maintenance or a roll. */
  readonly heldBack?: number
}

/** An outage that people were told of. */
export interface OpenAlarm {
  readonly id: string
  /** What was told last. */
  readonly verdict: Verdict
  /** How many notices there were, and when the last one was decided. */
  readonly told: number
  readonly toldMs: number
}

/** One kind of trouble of one target: the checks that found it, in a row, and those that found the contrary. */
export interface Track {
  readonly bad: number
  readonly good: number
  /** Bad ones in a row, up to the last, that were milder than what was told. */
  readonly milder: number
  /** When the first of the bad ones was. */
  readonly sinceMs?: number
  readonly heldBack: number
  /** The last checks, where a share of them counts: `x` for each bad one, `.` for each good one. */
  readonly recent?: string
  readonly alarm?: OpenAlarm
}

/** What is kept of one address of one service, and of its name without address: bad when none of its addresses is good. */
export interface TargetState {
  readonly url: string
  readonly address?: string
  /** When it was checked last. */
  readonly seenMs: number
  /** How long an address may be away until the name has it again; the longest of late. */
  readonly gapMs?: number
  /** Warning and critical count as bad, ok as good, unknown as neither. */
  readonly outage: Track
  /** Unknown counts as bad, everything else as good. */
  readonly blindness: Track
}

/** What waits to be delivered to one channel: one notice, or all of one check where a channel takes them together. */
export interface Outgoing {
  /** Sent along, so that a receiver can tell a second delivery from a second message. */
  readonly key: string
  /** Which channel, without its secrets, and what it is called. */
  readonly channel: string
  readonly channelName: string
  readonly notices: readonly Notice[]
  readonly queuedMs: number
  readonly failure?: string
}

/** All that is kept from one run to the next. */
export interface AlarmState {
  readonly targets: Readonly<Record<string, TargetState>>
  readonly outbox: readonly Outgoing[]
}

export const freshTrack: Track = { bad: 0, good: 0, milder: 0, heldBack: 0 }
export const freshState: AlarmState = { targets: {}, outbox: [] }

/** What a target is kept under. */
export function targetKey({ url, address }: { readonly url: string; readonly address?: string }): string {
  return address === undefined ? url : `${url} ${address}`
}

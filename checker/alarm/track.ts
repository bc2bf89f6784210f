import { severity, type Verdict } from '../verdict/report.ts'
import type { NoticeKind, OpenAlarm, Track } from './state.ts'

export interface AlarmPolicy {
  /** Bad checks before an alarm, at least 1: in a row, or of the last `window`. */
  readonly failures: number
  readonly window?: number | undefined
  /** Good checks in a row before a recovery, at least 1. */
  readonly successes: number
  /** Time between reminders; 0: none. */
  readonly remindMs: number
}

/** The effect of a check on a track; `neither` changes nothing. */
export interface Sighting {
  readonly sight: 'bad' | 'good' | 'neither'
  readonly verdict: Verdict
}

export function count(before: Track, { sight, verdict }: Sighting, nowMs: number, window = 0): Track {
  if (sight === 'neither') return before
  const track = remember(before, sight, window)
  if (sight === 'good') {
    const isOver = track.alarm === undefined && badOf(track) === 0
    return { ...(isOver ? forgetOutage(track) : track), bad: 0, good: track.good + 1, milder: 0 }
  }
  const isMilder = track.alarm !== undefined && severity(verdict) < severity(track.alarm.verdict)
  return {
    ...track,
    bad: track.bad + 1,
    good: 0,
    milder: isMilder ? track.milder + 1 : 0,
    sinceMs: track.sinceMs ?? nowMs,
  }
}

function remember({ recent = '', ...track }: Track, sight: 'bad' | 'good', window: number): Track {
  return window === 0 ? track : { ...track, recent: (recent + (sight === 'bad' ? 'x' : '.')).slice(-window) }
}

export function badOf({ recent = '' }: Track): number {
  return recent.split('x').length - 1
}

/** With a window, an outage ends only below half of `failures`; otherwise it would start and end all day. */
function isBelow(track: Track, { failures, window }: AlarmPolicy): boolean {
  return window === undefined || badOf(track) < failures / 2
}

/**
 * The notice due after a counted check. Reaching a threshold is enough. A worse verdict is reported at once, a milder one after
 * as many checks as a recovery needs, so that a flapping verdict is reported twice and not forever.
 */
export function dueNotice(track: Track, found: Sighting, policy: AlarmPolicy, nowMs: number): NoticeKind | undefined {
  const { alarm, bad, good, milder } = track
  const failures = policy.window === undefined ? bad : badOf(track)
  if (alarm === undefined) return found.sight === 'bad' && failures >= policy.failures ? 'alarm' : undefined
  if (found.sight === 'good' && good >= policy.successes && isBelow(track, policy)) return 'recovered'
  if (found.sight === 'good' && policy.window === undefined) return undefined
  const isWorse = severity(found.verdict) > severity(alarm.verdict)
  if (found.sight === 'bad' && (isWorse || milder >= policy.successes)) return 'changed'
  return policy.remindMs > 0 && nowMs - alarm.toldMs >= policy.remindMs ? 'reminder' : undefined
}

/** The track after a notice; `id` names the outage if this is its first. */
export function afterNotice(track: Track, kind: NoticeKind, verdict: Verdict, id: string, nowMs: number): Track {
  if (kind === 'recovered' || kind === 'gone') return forgetOutage(track)
  const told = (track.alarm?.told ?? 0) + 1
  const alarm: OpenAlarm = { id: track.alarm?.id ?? id, verdict, told, toldMs: nowMs }
  return { ...track, milder: 0, heldBack: 0, alarm }
}

function forgetOutage({ bad, good, recent }: Track): Track {
  return { bad, good, milder: 0, heldBack: 0, ...(recent === undefined ? {} : { recent }) }
}

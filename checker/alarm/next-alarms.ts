import { createHash } from 'node:crypto'
import { printableLine } from '../formatters/printable.ts'
import type { CheckReport, TargetReport, Verdict } from '../verdict/report.ts'
import { targetName } from '../verdict/summary.ts'
import { isTroubled, leftBehind, namesOf, vanished } from './absent-targets.ts'
import { plain } from './channels/plain-text.ts'
import {
  type AlarmState,
  freshTrack,
  type Notice,
  type NoticeKind,
  type TargetState,
  type Track,
  targetKey,
} from './state.ts'
import { type AlarmPolicy, afterNotice, badOf, count, dueNotice, type Sighting } from './track.ts'

export interface NextAlarms {
  readonly state: AlarmState
  readonly notices: readonly Notice[]
  readonly heldBack: number
}

/** Decides which notices to send after one check; with `isHeld` (maintenance, or a roll), only the end of alarms. */
export function nextAlarms(
  before: AlarmState,
  report: Pick<CheckReport, 'targets'>,
  policy: AlarmPolicy,
  nowMs: number,
  isHeld = false,
): NextAlarms {
  const targets = { ...before.targets }
  const notices: Notice[] = []
  let heldBack = 0
  const names = namesOf(report.targets)
  const context = { policy, nowMs, isHeld }

  /** Counts a check of a target, without the notices that `isSilent` names because another target's already report the same. */
  function see(found: TargetReport, isSilent: (track: TrackName, kind: NoticeKind) => boolean): TargetState {
    const known = targets[targetKey(found)] ?? newTarget(found, nowMs)
    const told = trackNames.map((name) => {
      const sighting = name === 'outage' ? outageSighting(found.verdict) : blindnessSighting(found.verdict)
      return advance(known[name], sighting, { ...context, name, found, isSilent: (kind) => isSilent(name, kind) })
    })
    const [outage, blindness] = told as [Advanced, Advanced]
    notices.push(...told.flatMap((one) => one.notices))
    for (const one of told) heldBack += one.heldBack
    return { ...known, outage: outage.track, blindness: blindness.track }
  }

  for (const found of report.targets.filter(({ address }) => address !== undefined)) {
    const key = targetKey(found)
    const name = before.targets[found.url]
    const gapMs = Math.max(nowMs - (before.targets[key]?.seenMs ?? nowMs), (before.targets[key]?.gapMs ?? 0) / 2)
    const next = see(found, (track, kind) => kind === 'alarm' && name?.[track].alarm !== undefined)
    targets[key] = { ...next, seenMs: nowMs, gapMs: Math.max(0, Math.round(gapMs)) }
  }
  for (const { target, isGone } of leftBehind(before, report.targets, names, nowMs)) {
    targets[targetKey(target)] = see(target, () => !isGone)
  }
  for (const name of names) {
    const own = report.targets.filter(({ url, address }) => url === name.url && address !== undefined)
    const isTold = (track: TrackName) =>
      own.length > 0 && own.every((one) => isDue(targets[targetKey(one)]?.[track], policy))
    const next = see(name, (track, kind) => kind === 'alarm' && isTold(track))
    const isOpen = trackNames.some((track) => next[track].alarm !== undefined)
    const isWorthIt = isTroubled(next) && (isOpen || !trackNames.some((track) => next[track].bad > 0 && isTold(track)))
    if (isWorthIt) targets[name.url] = { ...next, seenMs: nowMs }
    else delete targets[name.url]
  }
  for (const gone of vanished(targets, report.targets, nowMs)) {
    delete targets[targetKey(gone)]
    notices.push(...farewells(gone, nowMs))
  }
  return { state: { ...before, targets }, notices, heldBack }
}

const trackNames = ['outage', 'blindness'] as const
type TrackName = (typeof trackNames)[number]

/** Whether a track is in alarm, or would be unless held back. */
function isDue(track: Track | undefined, { failures, window }: AlarmPolicy): boolean {
  if (track === undefined) return false
  return track.alarm !== undefined || (window === undefined ? track.bad : badOf(track)) >= failures
}

/** Unknown says nothing about the service, so it is neither bad nor good. */
function outageSighting(verdict: Verdict): Sighting {
  return { sight: verdict === 'ok' ? 'good' : verdict === 'unknown' ? 'neither' : 'bad', verdict }
}

function blindnessSighting(verdict: Verdict): Sighting {
  return { sight: verdict === 'unknown' ? 'bad' : 'good', verdict }
}

interface Context {
  readonly name: TrackName
  readonly found: Pick<TargetReport, 'url' | 'address' | 'verdict' | 'reasons'>
  readonly policy: AlarmPolicy
  readonly nowMs: number
  readonly isHeld: boolean
  readonly isSilent: (kind: NoticeKind) => boolean
}

interface Advanced {
  readonly track: Track
  readonly notices: readonly Notice[]
  readonly heldBack: number
}

function advance(
  before: Track,
  sighting: Sighting,
  { name, found, policy, nowMs, isHeld, isSilent }: Context,
): Advanced {
  const track = count(before, sighting, nowMs, policy.window)
  const kind = dueNotice(track, sighting, policy, nowMs)
  if (kind === undefined || isSilent(kind)) return { track, notices: [], heldBack: 0 }
  if (isHeld && kind !== 'recovered') {
    return { track: { ...track, heldBack: track.heldBack + 1 }, notices: [], heldBack: 1 }
  }
  const outage = track.alarm?.id ?? outageId(targetKey(found), name, track.sinceMs ?? nowMs)
  // Without a new bad check, an alarm keeps the verdict that was reported.
  const isSeen = sighting.sight === 'bad' || kind === 'recovered'
  const verdict = isSeen ? found.verdict : (track.alarm?.verdict ?? found.verdict)
  const notice = write(kind, track, outage, { ...found, verdict }, nowMs, policy.window)
  return { track: afterNotice(track, kind, verdict, outage, nowMs), notices: [notice], heldBack: 0 }
}

function write(
  kind: NoticeKind,
  track: Track,
  outage: string,
  { url, address, verdict, reasons }: Context['found'],
  nowMs: number,
  window?: number,
): Notice {
  const isShare = window !== undefined && kind === 'alarm'
  return {
    id: `${outage}-${(track.alarm?.told ?? 0) + 1}`,
    outage,
    kind,
    target: printableLine(targetName(address === undefined ? { url } : { url, address })),
    url,
    ...(address === undefined ? {} : { address }),
    verdict,
    ...(track.alarm === undefined ? {} : { previousVerdict: track.alarm.verdict }),
    reasons: reasons.slice(0, 20).map(plain),
    since: new Date(track.sinceMs ?? nowMs).toISOString(),
    at: new Date(nowMs).toISOString(),
    times: isShare ? badOf(track) : timesOf(kind, track),
    ...(isShare ? { of: window } : {}),
    ...(track.heldBack === 0 ? {} : { heldBack: track.heldBack }),
  }
}

function timesOf(kind: NoticeKind, { good, milder, bad }: Track): number {
  if (kind === 'recovered') return good
  return kind === 'changed' && milder > 0 ? milder : bad
}

/** Deterministic, so that a decision repeated after a crash is recognised. */
function outageId(key: string, name: string, sinceMs: number): string {
  return createHash('sha256').update(`${key}\n${name}\n${sinceMs}`).digest('hex').slice(0, 16)
}

function farewells(target: TargetState, nowMs: number): Notice[] {
  return [target.outage, target.blindness].flatMap((track) =>
    track.alarm === undefined
      ? []
      : [write('gone', track, track.alarm.id, { ...target, verdict: track.alarm.verdict, reasons: [] }, nowMs)],
  )
}

function newTarget({ url, address }: TargetReport, nowMs: number): TargetState {
  const name = address === undefined ? { url } : { url, address }
  return { ...name, seenMs: nowMs, outage: freshTrack, blindness: freshTrack }
}

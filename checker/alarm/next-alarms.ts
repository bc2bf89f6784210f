import { createHash } from 'node:crypto'
import { printableLine } from '../outlets/printable.ts'
import type { CheckReport, TargetReport, Verdict } from '../verdict/report.ts'
import { targetName } from '../verdict/summary.ts'
import { namesFoundAgain, vanished } from './absent-targets.ts'
import { plain } from './plain-text.ts'
import {
  type AlarmState,
  freshTrack,
  type Notice,
  type NoticeKind,
  type TargetState,
  type Track,
  targetKey,
} from './state.ts'
import { type AlarmPolicy, afterNotice, count, dueNotice, type Sighting } from './track.ts'

/** What follows from one check. */
export interface NextAlarms {
  readonly state: AlarmState
  readonly notices: readonly Notice[]
  /** How many notices were held back. */
  readonly heldBack: number
}

/** Decides what to tell after one check; with `isHeld`, in maintenance or during a roll, nothing but what ends an alarm. */
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
  for (const found of [...report.targets, ...namesFoundAgain(before, report.targets)]) {
    const key = targetKey(found)
    const known = targets[key] ?? newTarget(found, nowMs)
    const outage = advance(known.outage, outageSighting(found.verdict), {
      name: 'outage',
      found,
      policy,
      nowMs,
      isHeld,
    })
    const blindness = advance(known.blindness, blindnessSighting(found.verdict), {
      name: 'blindness',
      found,
      policy,
      nowMs,
      isHeld,
    })
    targets[key] = { ...known, seenMs: nowMs, outage: outage.track, blindness: blindness.track }
    notices.push(...outage.notices, ...blindness.notices)
    heldBack += outage.heldBack + blindness.heldBack
  }
  for (const gone of vanished(targets, report.targets, nowMs)) {
    delete targets[targetKey(gone)]
    notices.push(...farewells(gone, nowMs))
  }
  return { state: { ...before, targets }, notices, heldBack }
}

/** A service whose check found no way to the network tells nothing of itself, so unknown is neither bad nor good. */
function outageSighting(verdict: Verdict): Sighting {
  return { sight: verdict === 'ok' ? 'good' : verdict === 'unknown' ? 'neither' : 'bad', verdict }
}

function blindnessSighting(verdict: Verdict): Sighting {
  return { sight: verdict === 'unknown' ? 'bad' : 'good', verdict }
}

interface Context {
  readonly name: 'outage' | 'blindness'
  readonly found: Pick<TargetReport, 'url' | 'address' | 'verdict' | 'reasons'>
  readonly policy: AlarmPolicy
  readonly nowMs: number
  readonly isHeld: boolean
}

function advance(before: Track, sighting: Sighting, { name, found, policy, nowMs, isHeld }: Context) {
  const track = count(before, sighting, nowMs)
  const kind = dueNotice(track, sighting, policy, nowMs)
  if (kind === undefined) return { track, notices: [], heldBack: 0 }
  if (isHeld && kind !== 'recovered') {
    return { track: { ...track, heldBack: track.heldBack + 1 }, notices: [], heldBack: 1 }
  }
  const outage = track.alarm?.id ?? outageId(targetKey(found), name, track.sinceMs ?? nowMs)
  // Between two sightings an alarm goes on as it was told.
  const verdict = sighting.sight === 'neither' ? (track.alarm?.verdict ?? found.verdict) : found.verdict
  const notice = write(kind, track, outage, { ...found, verdict }, nowMs)
  return { track: afterNotice(track, kind, verdict, outage, nowMs), notices: [notice], heldBack: 0 }
}

function write(
  kind: NoticeKind,
  track: Track,
  outage: string,
  { url, address, verdict, reasons }: Context['found'],
  nowMs: number,
): Notice {
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
    times: kind === 'recovered' ? track.good : kind === 'changed' && track.milder > 0 ? track.milder : track.bad,
    ...(track.heldBack === 0 ? {} : { heldBack: track.heldBack }),
  }
}

/** The same after a crash between deciding and keeping, so that what is decided again is recognised. */
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

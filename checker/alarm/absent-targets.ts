import { isIP } from 'node:net'
import { severity, type TargetReport } from '../verdict/report.ts'
import { type AlarmState, type TargetState, targetKey } from './state.ts'

/** How long to remember a target that is no longer checked. */
export const rememberedMs = 86_400_000

/**
 * The host names of a report, each with the verdict of its best address: addresses change between checks (rotation, failover), so
 * that none may fail often enough alone. Excludes urls with an IP address as host, if that is the one that was probed.
 */
export function namesOf(found: readonly TargetReport[]): TargetReport[] {
  const best = new Map<string, TargetReport>()
  for (const target of found) {
    if (target.address !== undefined && isIP(new URL(target.url).hostname.replace(/^\[|\]$/g, '')) !== 0) continue
    const known = best.get(target.url)
    if (known === undefined || severity(target.verdict) < severity(known.verdict)) best.set(target.url, target)
  }
  return [...best.values()].map(({ url, verdict, reasons }) => ({ url, verdict, reasons }))
}

/** Addresses in alarm whose healthy name does not currently lead to them; `isGone` once it has been too long for a rotation. */
export function leftBehind(
  { targets }: AlarmState,
  found: readonly TargetReport[],
  names: readonly TargetReport[],
  nowMs: number,
): { readonly target: TargetReport; readonly isGone: boolean }[] {
  const keys = new Set(found.map(targetKey))
  const well = new Set(names.filter(({ verdict }) => verdict === 'ok').map(({ url }) => url))
  return Object.values(targets).flatMap(({ url, address, outage, blindness, seenMs, gapMs = 0 }) => {
    const isInAlarm = outage.alarm !== undefined || blindness.alarm !== undefined
    if (address === undefined || !isInAlarm || !well.has(url) || keys.has(targetKey({ url, address }))) return []
    const reasons = ['the name no longer leads to this address']
    return [{ target: { url, address, verdict: 'ok', reasons }, isGone: nowMs - seenMs >= 1.5 * gapMs }]
  })
}

/** Targets not checked for a long time. Excludes those whose name could not be looked up now, since its addresses are unknown. */
export function vanished(targets: AlarmState['targets'], found: readonly TargetReport[], nowMs: number): TargetState[] {
  const keys = new Set([...found.map(targetKey), ...found.map(({ url }) => url)])
  const withoutAddress = new Set(found.filter(({ address }) => address === undefined).map(({ url }) => url))
  return Object.values(targets).filter(
    (target) =>
      !keys.has(targetKey(target)) && !withoutAddress.has(target.url) && nowMs - target.seenMs >= rememberedMs,
  )
}

export function isTroubled({ outage, blindness }: TargetState): boolean {
  return [outage, blindness].some(
    ({ alarm, bad, recent = '' }) => alarm !== undefined || bad > 0 || recent.includes('x'),
  )
}

import { isIP } from 'node:net'
import { severity, type TargetReport } from '../verdict/report.ts'
import { type AlarmState, type TargetState, targetKey } from './state.ts'

/** How long a target that is no longer checked is remembered. */
export const rememberedMs = 86_400_000

/**
 * The names of a report, each as good as the best of its addresses: those change from check to check (rotation, failover), and then no
 * address fails often enough by itself. A url that has an address in the place of a name is none, as long as that is what was asked.
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

/** Addresses in alarm to which a name that is well does not lead now; `isGone` when it is not merely another's turn. */
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

/** Those that are long no longer checked; not those whose name could not be looked up this time: which addresses it has is not known. */
export function vanished(targets: AlarmState['targets'], found: readonly TargetReport[], nowMs: number): TargetState[] {
  const keys = new Set([...found.map(targetKey), ...found.map(({ url }) => url)])
  const withoutAddress = new Set(found.filter(({ address }) => address === undefined).map(({ url }) => url))
  return Object.values(targets).filter(
    (target) =>
      !keys.has(targetKey(target)) && !withoutAddress.has(target.url) && nowMs - target.seenMs >= rememberedMs,
  )
}

/** Whether anything of a target is worth remembering. */
export function isTroubled({ outage, blindness }: TargetState): boolean {
  return [outage, blindness].some(
    ({ alarm, bad, recent = '' }) => alarm !== undefined || bad > 0 || recent.includes('x'),
  )
}

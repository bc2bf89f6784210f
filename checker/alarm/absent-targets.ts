import type { TargetReport } from '../verdict/report.ts'
import { type AlarmState, type TargetState, targetKey } from './state.ts'

/** How long a target that is no longer checked is remembered. */
export const rememberedMs = 86_400_000

/** A name that could not be looked up is a target without an address; when the name has addresses again, it is well. */
export function namesFoundAgain({ targets }: AlarmState, found: readonly TargetReport[]): TargetReport[] {
  const keys = new Set(found.map(targetKey))
  const withAddress = new Set(found.filter(({ address }) => address !== undefined).map(({ url }) => url))
  const again = Object.values(targets).filter(
    (target) =>
      target.address === undefined && withAddress.has(target.url) && !keys.has(target.url) && isTroubled(target),
  )
  return again.map(({ url }): TargetReport => ({ url, verdict: 'ok', reasons: [] }))
}

function isTroubled({ outage, blindness }: TargetState): boolean {
  return [outage, blindness].some(({ alarm, bad }) => alarm !== undefined || bad > 0)
}

/** Those that are long no longer checked; not those whose name could not be looked up this time: which addresses it has is not known. */
export function vanished(targets: AlarmState['targets'], found: readonly TargetReport[], nowMs: number): TargetState[] {
  const keys = new Set(found.map(targetKey))
  const withoutAddress = new Set(found.filter(({ address }) => address === undefined).map(({ url }) => url))
  return Object.values(targets).filter(
    (target) =>
      !keys.has(targetKey(target)) && !withoutAddress.has(target.url) && nowMs - target.seenMs >= rememberedMs,
  )
}

import { countText, resolveCount, resolveShare } from '../../lib/count.ts'
import { OperatorError } from '../../lib/errors.ts'
import type { RollPolicy } from '../../lib/roll/policy.ts'
import type { Settings } from '../../settings/settings.ts'

export interface PolicyTerms {
  readonly size: number
  readonly force: boolean
  readonly instanceTimeoutSeconds: number
}

/**
 * The policy from the settings, in instances of this group. A share is rounded down, but to at least 1; only the share
 * that may be missing can become 0, since it is a promise. Throws a usage error when there is no room for a new
 * instance.
 */
export function rollPolicy(roll: Settings['roll'], terms: PolicyTerms): RollPolicy {
  const { size, force, instanceTimeoutSeconds } = terms
  const { pauseSeconds, first } = roll
  const canary = resolveCount(roll.canary, size)
  const canaryWatchSeconds = canary > 0 ? (roll.canaryWatchSeconds ?? 0) : 0
  const pauseAt = pausePoints(roll.pauseAt, size)
  const maxUnavailable = Math.min(size, resolveShare(roll.maxUnavailable, size))
  return {
    surge: surgeOf(roll, size, maxUnavailable),
    maxUnavailable,
    canary,
    canaryWatchSeconds,
    pauseAt,
    pauseSeconds,
    first: [...new Set(first)],
    force,
    instanceTimeoutSeconds,
    // Requested waits do not count towards the time limit.
    timeoutSeconds: roll.timeoutSeconds + canaryWatchSeconds + pauseAt.length * (pauseSeconds ?? 0),
  }
}

/** Ascending and unique, without the end of the roll, where a pause makes no sense. */
function pausePoints(wanted: Settings['roll']['pauseAt'], size: number): number[] {
  const points = new Set(wanted.map((point) => resolveCount(point, size)))
  return [...points].filter((point) => point < size).toSorted((a, b) => a - b)
}

function surgeOf(
  { surge: said, maxUnavailable: share }: Settings['roll'],
  size: number,
  maxUnavailable: number,
): number {
  if (said === undefined) return maxUnavailable > 0 ? 0 : 1
  const surge = resolveCount(said, size)
  if (surge > 0 || maxUnavailable > 0) return surge
  throw new OperatorError(
    'usage',
    `--surge: ${countText(said)} leaves no room for a new instance: --max-unavailable ${countText(share)} of ${size} is none`,
    { hint: 'give --max-unavailable as a number of instances, or --surge 1' },
  )
}

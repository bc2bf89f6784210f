import type { CheckOptions } from '../options/options.ts'
import type { OwnClock } from '../run-types.ts'

/** Time servers that never answer must leave time for the targets. */
const longestNtpMs = 3000
const longestHeadStartMs = 200

/** Measures our own clock with the servers of `--ntp` or the computer's own time service, well within `leftMs`. */
export async function measureOwnClock({ ntp }: Pick<CheckOptions, 'ntp'>, leftMs: number): Promise<OwnClock> {
  if (ntp === 'none') return { state: 'unmeasured' }
  if (ntp === undefined) return (await import('./daemon.ts')).askDaemon(leftMs)
  const { provenByServers } = await import('./keep.ts')
  return provenByServers(ntp, Math.max(1, Math.min(longestNtpMs, leftMs / 2)))
}

/**
 * Resolves when targets may be probed: after the time servers, whose answers they would delay, or after a short while; at once
 * when none are asked.
 */
export async function headStart(
  ownClock: Promise<OwnClock>,
  { ntp, timeoutMs }: Pick<CheckOptions, 'ntp' | 'timeoutMs'>,
): Promise<void> {
  if (ntp === undefined || ntp === 'none') return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.min(longestHeadStartMs, timeoutMs / 10))
  })
  await Promise.race([ownClock, late])
  clearTimeout(timer)
}

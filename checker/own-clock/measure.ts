import type { CheckOptions } from '../options/options.ts'
import type { OwnClock } from '../run-types.ts'

/** How long time servers may take; one that never answers must leave time for the targets. */
const longestNtpMs = 3000
const longestHeadStartMs = 200

/** What is known of our own clock, from the servers of `--ntp` or the computer's own time service, well within `leftMs`. */
export async function measureOwnClock({ ntp }: Pick<CheckOptions, 'ntp'>, leftMs: number): Promise<OwnClock> {
  if (ntp === 'none') return { state: 'unmeasured' }
  if (ntp === undefined) return (await import('./daemon.ts')).askDaemon(leftMs)
  const { provenByServers } = await import('./keep.ts')
  return provenByServers(ntp, Math.max(1, Math.min(longestNtpMs, leftMs / 2)))
}

/** When targets may be asked: after time servers, whose answers they would delay; who asks the computer itself need not wait. */
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

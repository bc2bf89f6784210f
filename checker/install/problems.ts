import { formatDurationMs } from '../duration.ts'
import type { CheckOptions } from '../options/options.ts'
import { cronSchedule } from './cron.ts'

/** Why cron or systemd cannot keep the interval; undefined when they can. */
export function everyProblem({ install, everyMs, timeoutMs }: CheckOptions): string | undefined {
  const every = formatDurationMs(everyMs)
  if (install === 'cron' && cronSchedule(everyMs) === undefined) {
    return `cron cannot keep ${every}: expected whole minutes that divide an hour, or hours that divide a day`
  }
  return timeoutMs < everyMs ? undefined : `${every} is not longer than --timeout ${formatDurationMs(timeoutMs)}`
}

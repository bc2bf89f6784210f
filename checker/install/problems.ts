import { formatDurationMs } from '../duration.ts'
import type { CheckOptions } from '../options/options.ts'
import { cronSchedule } from './cron.ts'

/** What is wrong with an interval at which others are to call the check; undefined when nothing is. */
export function everyProblem({ install, everyMs, timeoutMs }: CheckOptions): string | undefined {
  const every = formatDurationMs(everyMs)
  if (install === 'cron' && cronSchedule(everyMs) === undefined) {
    return `cron cannot keep ${every}: expected whole minutes that divide an hour, or hours that divide a day`
  }
  return timeoutMs < everyMs
    ? undefined
    : `${every} is not longer than one check may take, --timeout ${formatDurationMs(timeoutMs)}`
}

import type { CheckOptions } from '../options/options.ts'
import type { RunHost } from '../run-types.ts'
import type { CheckReport } from '../verdict/report.ts'
import { type AlarmOptions, processAlarms } from './process-alarms.ts'

/** Sends the notices that follow from a report. Throws when the state cannot be saved. */
export async function runAlarms(
  report: CheckReport,
  options: CheckOptions & { readonly state: string },
  limits: Pick<AlarmOptions, 'timeoutMs' | 'lock'>,
  host: RunHost,
): Promise<void> {
  const { state: stateFile, failures, successes, remindMs, notify, notifyTemplate, heartbeat, maintenance } = options
  const policy = { ...failures, successes, remindMs }
  const told = { notify, notifyTemplate, heartbeat, maintenance }
  const { problems, broken } = await processAlarms(report, {
    stateFile,
    ...policy,
    ...told,
    ...limits,
    stop: host.signal,
  })
  for (const problem of problems) if (problem !== broken) host.warn(problem)
  if (broken !== undefined) throw new Error(broken)
}

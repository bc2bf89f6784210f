import { type OptionKey, optionOf } from './options.ts'
import { exitCodes } from './report.ts'
import { runCheck } from './run.ts'
import type { CheckRun, Outcome, RunHost } from './run-types.ts'

/** Said in the table already, and done by nobody yet: a key leaves this list with its wiring here or in run.ts. */
const undone: readonly OptionKey[] = ['ntp', 'badge', 'page', 'serve', 'historyFile', 'history', 'install', 'uninstall']

/** Does what the options ask for: one check, unless they ask to look back, to stay, or to be called again by others. */
export async function perform(run: CheckRun, host: RunHost): Promise<Outcome> {
  const { watchMs } = run.options
  const asked = undone.filter(
    (key) => ![undefined, false, 'none'].includes(run.options[key] as string | false | undefined),
  )
  for (const key of asked) host.warn(`--${optionOf(key).flag}: not available yet`)
  if (asked.length > 0) return { stdout: '', exitCode: exitCodes.unknown }
  if (watchMs !== undefined) return performWatch(run, watchMs, host)
  return runCheck(run, host)
}

async function performWatch(run: CheckRun, everyMs: number, { warn, signal }: RunHost): Promise<Outcome> {
  const { openWatchView } = await import('./watch-view.ts')
  const { watch } = await import('./watch.ts')
  const { stdin, stdout } = process
  const view = openWatchView({ stdin, stdout, warn, ...(signal === undefined ? {} : { signal }) })
  try {
    return await watch(run, everyMs, view)
  } finally {
    view.close()
  }
}

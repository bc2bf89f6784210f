import { runCheck } from './run.ts'
import type { CheckRun, Outcome, RunHost } from './run-types.ts'

/** Runs what the options ask for: history, install, the exporter, a watch, or else one check. */
export async function perform(run: CheckRun, host: RunHost): Promise<Outcome> {
  const { watchMs, serve, install, uninstall } = run.options
  if (run.options.history) return (await import('./history/show.ts')).showHistory(run.options, host)
  if (install ?? uninstall) return (await import('./install/install.ts')).installOrNot(run, host)
  if ((run.options.notify ?? run.options.heartbeat) !== undefined) await prepareProxy(run, host)
  if ((serve ?? watchMs) !== undefined) (await import('./heap-flags.ts')).boundYoungHeap()
  if (serve !== undefined) return (await import('./exporter/serve.ts')).serveExporter(run, serve, host)
  if (watchMs !== undefined) return performWatch(run, watchMs, host)
  return runCheck(run, host)
}

/** Warns before the first request when notices cannot be delivered; the check itself uses no proxy. */
async function prepareProxy({ options }: CheckRun, { warn }: RunHost): Promise<void> {
  const { missingProxies, useProxy } = await import('./alarm/proxy.ts')
  useProxy(options.proxy)
  const posted = (options.notify ?? []).flatMap((channel) => ('url' in channel ? [new URL(channel.url)] : []))
  const beat = options.heartbeat === undefined ? [] : [options.heartbeat]
  const problems = await missingProxies([...posted, ...beat], options.timeoutMs / 10)
  for (const problem of problems) warn(problem)
}

async function performWatch(run: CheckRun, everyMs: number, { warn, signal }: RunHost): Promise<Outcome> {
  const { openWatchView } = await import('./watch/watch-view.ts')
  const { watch } = await import('./watch/watch.ts')
  const { stdin, stdout } = process
  const view = openWatchView({ stdin, stdout, warn, ...(signal === undefined ? {} : { signal }) })
  try {
    return await watch(run, everyMs, view)
  } finally {
    view.close()
  }
}

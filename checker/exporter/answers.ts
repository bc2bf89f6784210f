import type { IncomingMessage } from 'node:http'
import { printable, printableLine } from '../formatters/printable.ts'
import { type PlainGauge, renderPrometheus } from '../formatters/prometheus.ts'
import type { CheckOptions } from '../options/options.ts'
import { reachOf } from '../probe/reach.ts'
import { runCheck } from '../run.ts'
import type { CheckRun, RunOutcome } from '../run-types.ts'
import type { CheckReport } from '../verdict/report.ts'
import { targetName } from '../verdict/summary.ts'
import { isOwnHost } from './host-check.ts'
import { allowedMs, probeTarget } from './probe-request.ts'

export interface ExporterAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** More concurrent probes would measure this computer instead. */
const mostProbes = 100

/**
 * Answers an exporter's requests; a failed check shows in its metrics, never in the status. Unless `isClosed`, validates the
 * requested host name.
 */
export function openAnswers(
  prometheus: typeof import('prom-client'),
  run: CheckRun,
  warn: (line: string) => void,
  isClosed = false,
  stop?: AbortSignal,
): (request: IncomingMessage, signal: AbortSignal) => Promise<ExporterAnswer> {
  const own = new prometheus.Registry()
  prometheus.collectDefaultMetrics({ register: own })
  // Gauges with the names of counters, which promtool rejects.
  for (const kind of ['resources', 'handles', 'requests']) own.removeSingleMetric(`nodejs_active_${kind}_total`)
  const measured = shareRuns(run, warn, stop)
  const { probeHosts, probeNetworks, serveNames = [] } = run.options
  const reach = reachOf(probeHosts, probeNetworks)
  let probes = 0

  async function probe(query: URLSearchParams, timeoutMs: number, signal: AbortSignal): Promise<ExporterAnswer> {
    if (run.options.noProbe) return line(404, '/probe is turned off (--no-probe)')
    const target = await probeTarget(query, run.options.targets?.modules)
    if ('problem' in target) return line(400, target.problem)
    const refused = reach.hostProblem(new URL(target.url))
    if (refused !== undefined) return line(403, `target: ${refused}`)
    if (probes >= mostProbes) return line(503, `${mostProbes} probes are under way; try again later`)
    probes += 1
    // A client that disconnects frees its place at once.
    const leave = once(() => {
      probes -= 1
    })
    signal.addEventListener('abort', leave, { once: true })
    const startedMs = performance.now()
    try {
      const options = measuringOnly({ ...run.options, ...target.options, timeoutMs })
      const { report } = await runCheck({ targets: [{ url: target.url }], options }, { startedMs, warn, signal })
      if (stop?.aborted) return stopped
      const gauges = probeGauges(report, secondsSince(startedMs))
      return metricsText(reasonsOf(report) + (await renderPrometheus(report, gauges)))
    } finally {
      leave()
    }
  }

  async function metrics(timeoutMs: number): Promise<ExporterAnswer> {
    if (run.targets.length === 0) return metricsText(await own.metrics())
    const startedMs = performance.now()
    const outcome = await measured(timeoutMs)
    if (stop?.aborted) return stopped
    if (outcome === undefined) return line(503, 'the check of an earlier scrape is still under way')
    const took = {
      name: 'bakeroll_check_run_duration_seconds',
      help: 'How long the check of all targets took.',
      value: secondsSince(startedMs),
    }
    return metricsText((await renderPrometheus(outcome.report, [took])) + (await own.metrics()))
  }

  return async ({ url = '/', method = '', headers }, signal) => {
    const { pathname, searchParams } = requestUrl(url)
    if (!['/', '/metrics', '/probe', '/page'].includes(pathname))
      return line(404, 'expected /metrics or /probe?target=URL')
    if (method !== 'GET' && method !== 'HEAD') return line(405, 'expected GET')
    if (!isClosed && !isOwnHost(headers.host, serveNames)) {
      return line(403, `${headers.host} is not a name of this exporter; add names with --serve-names`)
    }
    if (pathname === '/')
      return line(
        200,
        '/metrics: the configured targets\n/probe?target=URL: any other\n/page: the history of --history-file',
      )
    if (pathname === '/page') return statusPage(run.options)
    const header = headers['x-prometheus-scrape-timeout-seconds']
    const timeoutMs = allowedMs(run.options.timeoutMs, header?.toString())
    if (timeoutMs === undefined) return line(400, 'X-Prometheus-Scrape-Timeout-Seconds: expected seconds')
    return pathname === '/probe' ? probe(searchParams, timeoutMs, signal) : metrics(timeoutMs)
  }
}

/** A request target: a path, which may start with two slashes, or a complete url (RFC 9112, 3.2). */
function requestUrl(target: string): URL {
  const text = target.startsWith('/') ? `http://exporter${target}` : target
  return URL.canParse(text) ? new URL(text) : new URL('http://exporter/unknown')
}

/**
 * Checks the configured targets; concurrent scrapes share one check. Undefined: the running one takes too long for this scrape.
 */
function shareRuns(
  run: CheckRun,
  warn: (line: string) => void,
  signal: AbortSignal | undefined,
): (timeoutMs: number) => Promise<RunOutcome | undefined> {
  let underWay: Promise<RunOutcome> | undefined
  return async (timeoutMs) => {
    if (underWay === undefined) {
      // The limits of /probe do not apply to the configured targets.
      const options = { ...run.options, timeoutMs, probeHosts: undefined, probeNetworks: undefined }
      underWay = runCheck({ ...run, options }, { startedMs: performance.now(), warn, signal }).finally(() => {
        underWay = undefined
      })
      return underWay
    }
    const patience = AbortSignal.timeout(Math.ceil(timeoutMs))
    const impatient = new Promise<undefined>((resolve) => {
      patience.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    return Promise.race([underWay, impatient])
  }
}

/** Files, alarms and history are for the configured targets only. */
function measuringOnly(options: CheckOptions): CheckOptions {
  const none = undefined
  return {
    ...options,
    output: none,
    badge: none,
    page: none,
    historyFile: none,
    state: none,
    notify: none,
    heartbeat: none,
    maintenance: none,
    notifyTemplate: none,
  }
}

async function statusPage({ historyFile }: CheckOptions): Promise<ExporterAnswer> {
  if (historyFile === undefined) return line(404, 'there is no history; start the exporter with --history-file FILE')
  const { readHistory } = await import('../history/history.ts')
  const { renderStatusPage } = await import('../history/status-page.ts')
  try {
    const body = renderStatusPage(await readHistory(historyFile, Date.now()))
    return { status: 200, type: 'text/html; charset=utf-8', body }
  } catch (error) {
    return line(503, error instanceof Error ? error.message : String(error))
  }
}

/** With the metric names of blackbox_exporter. */
function probeGauges({ verdict }: CheckReport, seconds: number): PlainGauge[] {
  const success = ['ok', 'warning'].includes(verdict) ? 1 : 0
  return [
    { name: 'probe_success', help: 'Whether the verdict is ok or a warning.', value: success },
    { name: 'probe_duration_seconds', help: 'How long the check took.', value: seconds },
  ]
}

/** Reasons as comments, which Prometheus skips. */
function reasonsOf({ targets }: CheckReport): string {
  const lines = targets.flatMap((target) =>
    target.reasons.map((reason) => `# ${target.verdict} ${printableLine(`${targetName(target)}: ${reason}`)}\n`),
  )
  return lines.join('')
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}

/** Instead of reporting a target as down, which nobody found. */
const stopped = line(503, 'the exporter is stopping')

function metricsText(body: string): ExporterAnswer {
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body }
}

function line(status: number, text: string): ExporterAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: printable(`${text}\n`) }
}

function secondsSince(startedMs: number): number {
  return Number(((performance.now() - startedMs) / 1000).toFixed(6))
}

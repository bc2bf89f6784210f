import { execa } from 'execa'

/** A constant rate of requests, some on keep-alive connections, others on a new connection each. */
export interface LoadPlan {
  readonly url: string
  readonly keptPerSecond: number
  readonly newPerSecond: number
}

/** Every answer other than status 200 counts as failed. */
export interface LoadResult {
  readonly sent: number
  readonly failed: number
  /** Failures by kind: `503: 2`, `connection refused: 1`. */
  readonly failures: Readonly<Record<string, number>>
}

/** A load that runs until it is stopped. */
export interface Load {
  /** Lets running requests finish and counts them all. */
  stop(): Promise<LoadResult>
}

/** Maximum rate per hey worker, so that a slow answer delays few others. */
const perWorkerPerSecond = 5

/**
 * The arguments of hey (https://github.com/rakyll/hey) for one half of the load. Limited to ten minutes, in case this
 * process is killed and cannot stop it.
 */
export function heyArguments(url: string, perSecond: number, connections: 'kept' | 'new'): string[] {
  const workers = Math.max(1, Math.round(perSecond / perWorkerPerSecond))
  return [
    ...['-z', '10m', '-c', String(workers), '-q', String(perSecond / workers), '-t', '60'],
    ...(connections === 'new' ? ['-disable-keepalive'] : []),
    url,
  ]
}

/** The load ends with this process, or at `stop`. */
export function startLoad(plan: LoadPlan): Load {
  const halves = [
    heyArguments(plan.url, plan.keptPerSecond, 'kept'),
    heyArguments(plan.url, plan.newPerSecond, 'new'),
  ].map(repeated)
  return {
    async stop() {
      for (const half of halves) half.stop()
      return sum((await Promise.all(halves.map(({ results }) => results))).flat())
    },
  }
}

/** Restarts hey until stopped; `results` has the counts of each run. */
function repeated(arguments_: readonly string[]): { stop(): void; results: Promise<LoadResult[]> } {
  const isOver = new AbortController()
  const start = () => execa('hey', arguments_, { stdin: 'ignore', detached: false, reject: false })
  let running = start()
  const run = async () => {
    const counted: LoadResult[] = []
    for (;;) {
      const { stdout } = await running
      // A run that was stopped before it began has no report.
      if (isOver.signal.aborted && stdout === '') return counted
      counted.push(resultFrom(String(stdout)))
      if (isOver.signal.aborted) return counted
      running = start()
    }
  }
  const results = run()
  // Reported by `stop`, which awaits it.
  results.catch(() => {})
  return {
    results,
    stop() {
      isOver.abort()
      // On SIGINT, hey prints its report.
      running.kill('SIGINT')
    },
  }
}

/** Throws when the report has no counts. */
export function resultFrom(report: string): LoadResult {
  const statuses = [...report.matchAll(/^\s*\[(\d{3})\]\s+(\d+) responses$/gm)]
  const errors = [...(report.split('Error distribution:')[1] ?? '').matchAll(/^\s*\[(\d+)\]\s+(.*)$/gm)]
  if (statuses.length + errors.length === 0) throw new Error(`hey gave no report:\n${report.trim()}`)
  const counts = [
    ...statuses.map(([, status = '', number]) => [status, Number(number)] as const),
    ...errors.map(([, number, text = '']) => [text, Number(number)] as const),
  ]
  const failures = counts.filter(([name]) => name !== '200')
  return {
    sent: total(counts),
    failed: total(failures),
    failures: Object.fromEntries(failures),
  }
}

export function sum(results: readonly LoadResult[]): LoadResult {
  const failures: Record<string, number> = {}
  for (const result of results) {
    for (const [name, number] of Object.entries(result.failures)) failures[name] = (failures[name] ?? 0) + number
  }
  return {
    sent: results.reduce((all, { sent }) => all + sent, 0),
    failed: results.reduce((all, { failed }) => all + failed, 0),
    failures,
  }
}

function total(counts: readonly (readonly [string, number])[]): number {
  return counts.reduce((all, [, number]) => all + number, 0)
}

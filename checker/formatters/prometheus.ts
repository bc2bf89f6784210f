import { type CheckReport, exitCodes, type TargetReport } from '../verdict/report.ts'
import { printable } from './printable.ts'

/** A gauge of each target; its name follows `bakeroll_check_`. */
export interface Metric {
  readonly name: string
  readonly help: string
  /** Undefined: this target has none. */
  readonly value: (target: TargetReport) => number | undefined
}

/** What is told of each target. */
export const metrics: readonly Metric[] = [
  { name: 'ok', help: 'Whether the verdict is ok.', value: ({ verdict }) => (verdict === 'ok' ? 1 : 0) },
  {
    name: 'verdict',
    help: 'Verdict: 0 ok, 1 warning, 2 critical, 3 unknown.',
    value: ({ verdict }) => exitCodes[verdict],
  },
  { name: 'http_status', help: 'HTTP status of the time path.', value: ({ status }) => status },
  { name: 'latency_seconds', help: 'Median answer time of the time path.', value: (t) => seconds(t.latencyMs) },
  {
    name: 'clock_offset_seconds',
    help: 'Clock of the service minus the true time.',
    value: ({ clock }) => seconds(clock?.offsetMs),
  },
  {
    name: 'clock_error_seconds',
    help: 'Proven bound of the error of the clock offset.',
    value: ({ clock }) => seconds(clock?.errorMs),
  },
  {
    name: 'clock_limit_seconds',
    help: 'Largest clock offset that passes.',
    value: ({ clock }) => seconds(clock?.limitMs),
  },
  {
    name: 'clocks',
    help: 'Clocks behind the address that the samples tell apart.',
    value: ({ clock }) => clock?.clocks,
  },
  {
    name: 'certificate_end_timestamp_seconds',
    help: 'When the certificate that ends first ends, since 1970; also when it has.',
    value: ({ certificate }) => (certificate === undefined ? undefined : Date.parse(certificate.endsAt) / 1000),
  },
  {
    name: 'certificate_days_left',
    help: 'Whole days until the certificate ends, negative when it has.',
    value: (t) => t.certificate?.daysLeft,
  },
]

/** The text exposition format of Prometheus 0.0.4, for node_exporter's textfile collector and for the exporter. */
export function renderPrometheus({ targets }: CheckReport): string {
  const labelled = targets.map((target) => ({ target, pairs: pairsOf(labelsOf(target)) }))
  const families = metrics.map(({ name, help, value }) => {
    const samples = labelled.flatMap(({ target, pairs }) => {
      const number = value(target)
      return number === undefined ? [] : [`bakeroll_check_${name}{${pairs}} ${number}\n`]
    })
    return family(`bakeroll_check_${name}`, help, samples)
  })
  const versions = labelled.flatMap(({ target: { version }, pairs }) =>
    version === undefined ? [] : [`bakeroll_check_version_info{${pairs},${pairsOf({ ...version })}} 1\n`],
  )
  return [...families, family('bakeroll_check_version_info', 'Version found and expected.', versions)].join('')
}

/** One gauge without labels. */
export function renderGauge(name: string, help: string, number: number): string {
  return family(name, help, [`${name} ${number}\n`])
}

function family(name: string, help: string, samples: readonly string[]): string {
  return samples.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.join('')}`
}

function labelsOf({ url, address }: TargetReport): Record<string, string> {
  return { url, ...(address === undefined ? {} : { address }) }
}

function pairsOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')
}

function escapeLabel(value: string): string {
  return printable(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function seconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : Number((durationMs / 1000).toFixed(6))
}

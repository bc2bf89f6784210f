import { type CheckReport, exitCodes, type TargetReport } from '../verdict/report.ts'
import { printable } from './printable.ts'

/** A gauge per target; its name is prefixed with `bakeroll_check_`. */
export interface Metric {
  readonly name: string
  readonly help: string
  /** Undefined: not for this target. */
  readonly value: (target: TargetReport) => number | undefined
}

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
    help: 'Proven error bound of the clock offset.',
    value: ({ clock }) => seconds(clock?.errorMs),
  },
  {
    name: 'clock_limit_seconds',
    help: 'Largest clock offset that passes.',
    value: ({ clock }) => seconds(clock?.limitMs),
  },
  {
    name: 'clocks',
    help: 'Distinct clocks behind the address.',
    value: ({ clock }) => clock?.clocks,
  },
  {
    name: 'certificate_end_timestamp_seconds',
    help: 'When the first certificate expires, in seconds since 1970.',
    value: ({ certificate }) => (certificate === undefined ? undefined : Date.parse(certificate.endsAt) / 1000),
  },
  {
    name: 'certificate_days_left',
    help: 'Whole days until the certificate expires, negative once it has.',
    value: (t) => t.certificate?.daysLeft,
  },
]

export interface PlainGauge {
  readonly name: string
  readonly help: string
  readonly value: number
}

/**
 * Prometheus' text exposition format 0.0.4, for node_exporter's textfile collector and for the exporter; `gauges`, without
 * labels, come last. Omits a metric that no target has.
 */
export async function renderPrometheus({ targets }: CheckReport, gauges: readonly PlainGauge[] = []): Promise<string> {
  // Compressed in the bundle; other formats do not load it.
  const { Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const add = (name: string, help: string, samples: readonly Sample[]) => {
    if (samples.length === 0) return
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))]
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] })
    for (const { labels, value } of samples) gauge.set(labels, value)
  }
  for (const { name, help, value } of metrics) {
    const samples = targets.map((target) => ({ labels: labelsOf(target), value: value(target) }))
    add(`bakeroll_check_${name}`, help, samples.filter(isThere))
  }
  const versions = targets.flatMap((target) =>
    target.version === undefined ? [] : [{ labels: labelsOf(target, { ...target.version }), value: 1 }],
  )
  add('bakeroll_check_version_info', 'Version found and expected.', versions)
  for (const { name, help, value } of gauges) add(name, help, [{ labels: {}, value }])
  return (await registry.metrics()).replaceAll('\n\n', '\n').trimStart()
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function isThere(sample: { readonly labels: Sample['labels']; readonly value: number | undefined }): sample is Sample {
  return sample.value !== undefined
}

function labelsOf({ url, address }: TargetReport, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = { url, ...(address === undefined ? {} : { address }), ...more }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, printable(value)]))
}

function seconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : Number((durationMs / 1000).toFixed(6))
}

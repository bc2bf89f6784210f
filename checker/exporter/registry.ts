import type { Registry } from 'prom-client'
import { printable } from '../outlets/printable.ts'
import { metrics } from '../outlets/prometheus.ts'
import type { CheckReport, TargetReport } from '../verdict/report.ts'

/** Prometheus' official client library, which is loaded only where it is asked for. */
export type Prometheus = typeof import('prom-client')

/** What one check says, as a registry of its own: the gauges of `--format prometheus`, with the same names and labels. */
export function reportRegistry(prometheus: Prometheus, { targets }: CheckReport): Registry {
  const registry = new prometheus.Registry()
  for (const { name, help, value } of metrics) {
    const samples = targets.flatMap((target) => {
      const number = value(target)
      return number === undefined ? [] : [{ labels: labelsOf(target), number }]
    })
    addGauge(prometheus, registry, `bakeroll_check_${name}`, help, samples)
  }
  const versions = targets.flatMap((target) =>
    target.version === undefined ? [] : [{ labels: { ...labelsOf(target), ...target.version }, number: 1 }],
  )
  addGauge(prometheus, registry, 'bakeroll_check_version_info', 'Version found and expected.', versions)
  return registry
}

/** How one probe went, under the names that blackbox_exporter gave these two. */
export function addProbe(prometheus: Prometheus, registry: Registry, isSuccess: boolean, seconds: number): void {
  addGauge(prometheus, registry, 'probe_success', 'Whether the verdict is ok or a warning.', [
    { number: isSuccess ? 1 : 0 },
  ])
  addGauge(prometheus, registry, 'probe_duration_seconds', 'How long the check took.', [{ number: seconds }])
}

/** How long a check of the configured targets took. */
export function addRun(prometheus: Prometheus, registry: Registry, seconds: number): void {
  addGauge(prometheus, registry, 'bakeroll_check_run_duration_seconds', 'How long the check of all targets took.', [
    { number: seconds },
  ])
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly number: number
}

function addGauge(
  prometheus: Prometheus,
  registry: Registry,
  name: string,
  help: string,
  samples: readonly Sample[],
): void {
  if (samples.length === 0) return
  const labelNames = [...new Set(samples.flatMap(({ labels = {} }) => Object.keys(labels)))]
  const gauge = new prometheus.Gauge({ name, help, labelNames, registers: [registry] })
  for (const { labels = {}, number } of samples) gauge.set(shown(labels), number)
}

function shown(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, printable(value)]))
}

function labelsOf({ url, address }: TargetReport): Record<string, string> {
  return { url, ...(address === undefined ? {} : { address }) }
}

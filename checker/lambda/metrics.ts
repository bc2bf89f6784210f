import { printable } from '../formatters/printable.ts'
import type { CheckReport, TargetReport, Verdict } from '../verdict/report.ts'

/** The CloudWatch namespace. */
export const namespace = 'bakeroll/check'

type Unit = 'Count' | 'Milliseconds' | 'None'
type Metric = readonly [name: string, unit: Unit, value: number]

const verdicts: Readonly<Record<string, Verdict>> = {
  Ok: 'ok',
  Warning: 'warning',
  Critical: 'critical',
  Unknown: 'unknown',
}

/**
 * A report in CloudWatch's embedded metric format: first the number of targets per verdict, by `Checker` (at least 1 `Unknown`
 * when the whole report is unknown), then each target's measurements, by `Checker` and `Url`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricLines(report: CheckReport, checker: string, nowMs: number): string[] {
  const counts = Object.entries(verdicts).map(([name, verdict]): Metric => {
    const found = report.targets.filter((target) => target.verdict === verdict).length
    return [name, 'Count', verdict === report.verdict ? Math.max(1, found) : found]
  })
  return [
    line({ Checker: checker }, counts, nowMs, { verdict: report.verdict, summary: report.summary }),
    ...report.targets.map((target) =>
      line({ Checker: checker, Url: target.url }, measured(target), nowMs, {
        ...(target.address === undefined ? {} : { address: target.address }),
        verdict: target.verdict,
        reasons: target.reasons,
      }),
    ),
  ]
}

function measured({ verdict, latencyMs, clock, certificate }: TargetReport): Metric[] {
  return [
    ['Available', 'None', verdict === 'ok' || verdict === 'warning' ? 1 : 0],
    ...(latencyMs === undefined ? [] : [['Latency', 'Milliseconds', latencyMs] as const]),
    ...(clock === undefined
      ? []
      : [
          ['ClockOffset', 'Milliseconds', clock.offsetMs] as const,
          ['ClockError', 'Milliseconds', clock.errorMs] as const,
        ]),
    ...(certificate === undefined ? [] : [['CertificateDaysLeft', 'None', certificate.daysLeft] as const]),
  ]
}

function line(
  dimensions: Readonly<Record<string, string>>,
  metrics: readonly Metric[],
  nowMs: number,
  properties: Readonly<Record<string, unknown>>,
): string {
  const directive = {
    Namespace: namespace,
    Dimensions: [Object.keys(dimensions)],
    Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
  }
  const values = Object.fromEntries(metrics.map(([name, , value]) => [name, value]))
  const document = {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...values,
    ...properties,
  }
  return printable(`${JSON.stringify(document)}\n`)
}

import { type CheckSettings, settingsFor } from '../options/settings.ts'
import type { CheckReport, TargetReport } from '../verdict/report.ts'
import { targetName } from '../verdict/summary.ts'
import { printableLine } from './printable.ts'

/** One line with performance data, units and thresholds, according to the Nagios plugin guidelines. */
export function renderNagios({ verdict, summary, targets }: CheckReport, settings: CheckSettings): string {
  const data = targets.flatMap((target) => {
    const prefix = targets.length === 1 ? '' : `${targetName(target)} `
    return performanceData(target, settingsFor(settings, target.url)).map(
      ({ label, value }) => `${quoteLabel(prefix + label)}=${value}`,
    )
  })
  const text = printableLine(summary.replace(/[\s\p{Cc}]+/gu, ' ')).replaceAll('|', '/')
  return `CHECK ${verdict.toUpperCase()} - ${text}${data.length === 0 ? '' : ` | ${data.join(' ')}`}\n`
}

interface Datum {
  readonly label: string
  /** `value[unit];[warn];[crit];[min]`, without trailing empty thresholds. */
  readonly value: string
}

function performanceData({ clock, latencyMs, certificate }: TargetReport, settings: CheckSettings): Datum[] {
  const data: Datum[] = []
  if (clock !== undefined) {
    data.push({ label: 'offset', value: `${clock.offsetMs}ms;;-${clock.limitMs}:${clock.limitMs}` })
    data.push({ label: 'error', value: `${clock.errorMs}ms;;;0` })
  }
  if (latencyMs !== undefined) {
    const { warningLatencyMs = '', criticalLatencyMs = '' } = settings
    data.push({ label: 'latency', value: `${latencyMs}ms;${warningLatencyMs};${criticalLatencyMs};0` })
  }
  if (certificate !== undefined) {
    const { warningCertificateDays, criticalCertificateDays } = settings
    const critical = criticalCertificateDays === 0 ? '' : `;${criticalCertificateDays}:`
    data.push({ label: 'certificate_days', value: `${certificate.daysLeft};${warningCertificateDays}:${critical}` })
  }
  return data
}

function quoteLabel(label: string): string {
  return /^\w+$/.test(label) ? label : `'${printableLine(label).replaceAll("'", '').replaceAll('=', '_')}'`
}

import type { CheckSettings } from '../options/settings.ts'
import type { CheckReport } from '../verdict/report.ts'
import type { ReportFormat } from './formats.ts'
import { printable } from './printable.ts'

export type { ReportFormat } from './formats.ts'

/** The report in a format, with a final line break; loads only the code of that format. */
export async function renderReport(
  report: CheckReport,
  format: ReportFormat,
  settings: CheckSettings,
): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('./text.ts')).renderText(report)
    case 'json':
      return printable(`${JSON.stringify(report)}\n`)
    case 'nagios':
      return (await import('./nagios.ts')).renderNagios(report, settings)
    case 'prometheus':
      return (await import('./prometheus.ts')).renderPrometheus(report)
    case 'junit':
      return (await import('./junit.ts')).renderJunit(report)
  }
}

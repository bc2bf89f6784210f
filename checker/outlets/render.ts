import type { CheckReport } from '../report.ts'
import type { CheckSettings } from '../settings.ts'

/** The forms that a report can be written in. */
export const reportFormats = ['text', 'json', 'nagios', 'prometheus', 'junit'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** Writes a report in one form, with its last line break; only the code of that form is loaded. */
export async function renderReport(
  report: CheckReport,
  format: ReportFormat,
  settings: CheckSettings,
): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('./text.ts')).renderText(report)
    case 'json':
      return `${JSON.stringify(report)}\n`
    case 'nagios':
      return (await import('./nagios.ts')).renderNagios(report, settings)
    case 'prometheus':
      return (await import('./prometheus.ts')).renderPrometheus(report)
    case 'junit':
      return (await import('./junit.ts')).renderJunit(report)
  }
}

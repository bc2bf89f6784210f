export const reportFormats = ['text', 'json', 'nagios', 'prometheus', 'junit'] as const
export type ReportFormat = (typeof reportFormats)[number]

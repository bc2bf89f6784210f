import { recordRun } from './history/history.ts'
import { lookBack } from './history/look-back.ts'
import type { CheckOptions } from './options.ts'
import type { CheckReport } from './report.ts'
import type { RunHost } from './run-types.ts'

/** Records a report, and writes the status page of everything recorded where one is asked for. */
export async function runHistory(
  report: CheckReport,
  { historyFile, page }: CheckOptions & { readonly historyFile: string },
  waitMs: number,
  { warn }: Pick<RunHost, 'warn'>,
): Promise<void> {
  const atMs = Date.now()
  const use = { atMs, waitMs: Math.min(waitMs, 2000), warn }
  if (page === undefined) return recordRun(historyFile, report, use)
  const { writePage } = await import('./history/status-page.ts')
  return recordRun(historyFile, report, use, (database) => writePage(page, lookBack(database, atMs)))
}

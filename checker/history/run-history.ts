import type { CheckOptions } from '../options/options.ts'
import type { RunHost } from '../run-types.ts'
import type { CheckReport } from '../verdict/report.ts'
import { recordRun } from './history.ts'
import { lookBack } from './look-back.ts'

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
  const { writePage } = await import('./status-page.ts')
  return recordRun(historyFile, report, use, (database) => writePage(page, lookBack(database, atMs)))
}

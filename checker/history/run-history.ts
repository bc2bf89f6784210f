import type { CheckOptions } from '../options/options.ts'
import type { RunHost } from '../run-types.ts'
import type { CheckReport } from '../verdict/report.ts'
import { recordRun } from './history.ts'
import { lookBack } from './look-back.ts'

/**
 * Records a report, and writes the status page if requested. Ends within `waitMs`: throws when that is too short for the page,
 * whose old version then remains; the record is kept.
 */
export async function runHistory(
  report: CheckReport,
  { historyFile, page }: CheckOptions & { readonly historyFile: string },
  waitMs: number,
  { warn }: Pick<RunHost, 'warn'>,
): Promise<void> {
  const atMs = Date.now()
  const use = { atMs, waitMs: Math.min(waitMs, 2000), warn }
  if (page === undefined) return recordRun(historyFile, report, use)
  const { renderStatusPage } = await import('./status-page.ts')
  const { writeAtomically } = await import('../atomic-file.ts')
  const endMs = performance.now() + waitMs
  const alertIfLate = (spareMs = 0) => {
    if (performance.now() + spareMs > endMs) {
      throw new Error(`${page} was not updated: --timeout leaves too little time for it`)
    }
  }
  return recordRun(historyFile, report, use, (database) => {
    const past = lookBack(database, atMs, alertIfLate)
    writeAtomically(page, renderStatusPage(past, alertIfLate), { mode: 'kept' })
  })
}

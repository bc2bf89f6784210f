import { printable } from '../formatters/printable.ts'
import { fitted } from '../formatters/wrapping.ts'
import type { CheckOptions } from '../options/options.ts'
import type { Outcome, RunHost } from '../run-types.ts'
import { exitCodes } from '../verdict/report.ts'
import { readHistory } from './history.ts'
import { renderPast } from './past-text.ts'

/** Shows a history file as text or JSON, and writes the status page if requested. */
export async function showHistory(
  { historyFile = '', format, page }: CheckOptions,
  { warn }: Pick<RunHost, 'warn'>,
): Promise<Outcome> {
  try {
    const past = await readHistory(historyFile, Date.now())
    if (page !== undefined) {
      const { renderStatusPage } = await import('./status-page.ts')
      const { writeAtomically } = await import('../atomic-file.ts')
      writeAtomically(page, renderStatusPage(past), { mode: 'kept' })
    }
    const stdout =
      format === 'json'
        ? `${JSON.stringify({ ok: true, ...past })}\n`
        : fitted(renderPast(past).split('\n'), undefined, 4).join('\n')
    return { stdout: printable(stdout), exitCode: exitCodes.ok, facts: { ...past } }
  } catch (error) {
    warn(`--history: ${error instanceof Error ? error.message : error}`)
    return { stdout: '', exitCode: exitCodes.unknown }
  }
}

import { existsSync } from 'node:fs'
import { writeAtomically } from '../../checker/atomic-file.ts'
import { OperatorError } from '../lib/errors.ts'
import type { RollEvent, RollEventSink } from '../lib/roll/events.ts'
import { renderPage } from './page.ts'
import { appendEvent, type ReportFiles, readEvents, reportFiles, setAside } from './report-files.ts'

export { reportProblem } from './report-files.ts'

export interface Report {
  /** Writes each event before it returns, so that a killed run keeps them. Never throws: a report must not fail a roll. */
  readonly onEvent: RollEventSink
  /** Writes the page from the events file. Throws `failed` when the page, or an earlier event, could not be written. */
  finish(): ReportFiles
}

/**
 * Opens the report FILE. A resumed roll, and events after a run, are appended to the existing events; a new roll starts
 * a new file and keeps the previous one as `FILE.previous.jsonl`.
 */
export function openReport(file: string): Report {
  const files = reportFiles(file)
  let written = 0
  let problem: unknown
  const write = (event: RollEvent) => {
    if (written === 0 && event.event === 'began' && !event.resumed) setAside(files.events)
    appendEvent(files.events, event, written === 0)
    written += 1
  }
  return {
    onEvent(event) {
      try {
        write(event)
      } catch (error) {
        problem ??= error
      }
    },
    finish() {
      try {
        writePage(files)
      } catch (error) {
        problem ??= error
      }
      if (problem === undefined) return files
      throw new OperatorError('failed', `the report is not whole: ${(problem as Error).message}`, { cause: problem })
    },
  }
}

function writePage({ page, events }: ReportFiles): void {
  const text = renderPage(existsSync(events) ? readEvents(events) : [])
  writeAtomically(page, text, { mode: 0o666 & ~process.umask() })
}

import { existsSync } from 'node:fs'
import { writeAtomically } from '../../checker/atomic-file.ts'
import { OperatorError } from '../lib/errors.ts'
import type { RollEvent, RollEventSink } from '../lib/roll/events.ts'
import { renderPage } from './page.ts'
import { appendEvent, type ReportFiles, readEvents, reportFiles, setAside } from './report-files.ts'

export { reportProblem } from './report-files.ts'

/** The record of one roll while it is written. */
export interface Report {
  /** Writes each event before it returns, so that a killed run keeps them. Never throws: a roll does not fail for its report. */
  readonly onEvent: RollEventSink
  /** Writes the page of everything in the events file. Throws `failed` when it, or an event before, could not be written. */
  finish(): ReportFiles
}

/**
 * Opens the report FILE. A run that carries a roll on, and whatever is told after a run, adds to the events that are there; a
 * new roll begins a new file, and the one before is kept as `FILE.previous.jsonl`.
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

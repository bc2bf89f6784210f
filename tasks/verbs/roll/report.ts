import { OperatorError } from '../../lib/errors.ts'
import type { Progress } from '../../lib/progress.ts'
import type { RollEventSink } from '../../lib/roll/events.ts'
import { openReport, reportProblem } from '../../report/report.ts'
import type { TaskResult } from '../../terminal/task.ts'

export interface RollReport {
  /** Undefined when no report was requested. */
  readonly onEvent: RollEventSink | undefined
  /** Runs the roll, writes the page however the roll ends, and adds its path to the result. A failed write is a warning. */
  keep(roll: () => Promise<TaskResult>): Promise<TaskResult>
}

/** Throws a usage error when the file cannot be written. */
export function openRollReport(file: string | undefined, progress: Progress): RollReport {
  if (file === undefined) return { onEvent: undefined, keep: (roll) => roll() }
  const problem = reportProblem(file)
  if (problem !== undefined) throw new OperatorError('usage', `--report: ${problem}`)
  const { onEvent, finish } = openReport(file)
  let isBegun = false
  const write = () => {
    try {
      return isBegun ? finish() : undefined
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      progress.warn(error.message)
      return undefined
    }
  }
  return {
    onEvent(event) {
      isBegun = true
      onEvent(event)
    },
    async keep(roll) {
      try {
        const result = await roll()
        const report = write()
        if (!report) return result
        return { ...result, line: `${result.line}; report: ${report.page}`, facts: { ...result.facts, report } }
      } catch (error) {
        const report = write()
        if (report) progress.event(`report: ${report.page}`)
        throw error
      }
    },
  }
}

import { fitted, terminalColumns } from '../../checker/formatters/wrapping.ts'
import { openReport } from '../report/report.ts'
import { simulateRoll } from '../simulator/simulation.ts'
import { simulationFacts } from '../simulator/simulation-facts.ts'
import { simulationLine, simulationLines } from '../simulator/simulation-lines.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/**
 * Rolls a group in memory, on a virtual clock, with the engine that rolls real ones. The exit code is 1 only when a
 * promise was broken, however the roll ended.
 */
export default async function simulate({ settings, signal }: TaskContext): Promise<TaskResult> {
  const { instances, policy = '', faults = '', seed } = settings.simulate
  const report = settings.roll.report === undefined ? undefined : openReport(settings.roll.report)
  const simulation = await simulateRoll({ instances, policy, faults, seed, signal, onEvent: report?.onEvent })
  const files = report?.finish()
  return {
    line: simulationLine(simulation),
    output: fitted(simulationLines(simulation, terminalColumns())).join('\n'),
    facts: { ...simulationFacts(simulation), ...(files === undefined ? {} : { report: files }) },
    exitCode: simulation.violations.length > 0 ? 1 : 0,
  }
}

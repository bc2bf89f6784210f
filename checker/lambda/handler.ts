import { printable } from '../formatters/printable.ts'
import { runCheck } from '../run.ts'
import type { CheckReport } from '../verdict/report.ts'
import { type CheckEvent, readEvent } from './event.ts'
import { metricLines } from './metrics.ts'

export interface LambdaContext {
  readonly functionName: string
  getRemainingTimeInMillis(): number
}

/** Time that the runtime needs to return the report. */
const closingMs = 500

/**
 * Lambda's entry: runs one check, prints its metrics and returns the report, whatever the verdict. Fails only when the checker
 * itself cannot work: wrong settings, or a defect.
 */
export async function handler(event: CheckEvent | undefined, context: LambdaContext): Promise<CheckReport> {
  const startedMs = performance.now()
  const { targets, options } = await readEvent(event ?? {}, process.env)
  const timeoutMs = Math.min(options.timeoutMs, context.getRemainingTimeInMillis() - closingMs)
  if (timeoutMs <= 0) throw new Error('the function has no time left; give it more than --timeout')
  const { stdout, stderr } = process
  const warn = (line: string) => void stderr.write(printable(`error: ${line}\n`))
  if (options.heartbeat !== undefined) (await import('../alarm/proxy.ts')).useProxy(options.proxy)
  const { report } = await runCheck({ targets, options: { ...options, timeoutMs } }, { startedMs, warn })
  for (const line of metricLines(report, context.functionName, Date.now())) stdout.write(line)
  return report
}

import { printable } from '../formatters/printable.ts'
import { runCheck } from '../run.ts'
import type { CheckReport } from '../verdict/report.ts'
import { type CheckEvent, readEvent } from './event.ts'
import { metricLines } from './metrics.ts'

/** What is used of Lambda's context. */
export interface LambdaContext {
  readonly functionName: string
  getRemainingTimeInMillis(): number
}

/** The runtime needs this much to take the answer. */
const closingMs = 500

/**
 * What AWS Lambda calls: one check, its metrics on stdout, the report as the answer. Whatever the verdict, the call succeeds;
 * it fails when the checker itself could not do its work: wrong settings, or a defect.
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

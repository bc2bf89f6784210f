import type { CheckSettings } from './options/settings.ts'
import { probeTargets } from './probe/probe.ts'
import type { CheckTarget } from './probe/target.ts'
import type { CheckReport } from './verdict/report.ts'
import { judge } from './verdict/verdict.ts'

/** Probes every address of every target concurrently and judges the results; ends within `settings.timeoutMs`, never throws. */
export async function checkTargets(targets: readonly CheckTarget[], settings: CheckSettings): Promise<CheckReport> {
  return judge(await probeTargets(targets, settings), settings)
}

import { probeTargets } from './probe.ts'
import type { CheckReport } from './report.ts'
import type { CheckSettings } from './settings.ts'
import type { CheckTarget } from './target.ts'
import { judge } from './verdict.ts'

/** Measures every address of every target at the same time and judges them; ends within `settings.timeoutMs`, never throws. */
export async function checkTargets(targets: readonly CheckTarget[], settings: CheckSettings): Promise<CheckReport> {
  return judge(await probeTargets(targets, settings), settings)
}

import { checkTargets } from '../checker/check.ts'
import { renderReport } from '../checker/outlets/render.ts'
import { outputProblem, writeAtomically } from '../checker/output-file.ts'
import { type CheckReport, exitCodes } from '../checker/report.ts'
import { type CheckSettings, parseTimeFormat } from '../checker/settings.ts'
import { type CheckTarget, urlProblems } from '../checker/target.ts'
import { noticeInWords, type RollNotice, rightReleases, rollNotice } from './check-roll.ts'
import { OperatorError } from './lib/errors.ts'
import { whereIn } from './lib/no-group.ts'
import type { Settings } from './terminal/settings.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Checks the service from outside: urls, or without one the deployed group. */
export default async function check(context: TaskContext): Promise<TaskResult> {
  const { settings, positionals } = context
  const { format, output } = settings.check
  refuseProblems(positionals, output)
  const { targets, releases, roll } =
    positionals.length > 0 ? { targets: positionals.map(toTarget) } : await deployed(context)
  const wanted = checkSettings(settings, releases)
  // Node looks up half as many names at once as it has threads, and a dead name server must not delay other targets.
  if (targets.length > 2) process.env.UV_THREADPOOL_SIZE ??= String(Math.min(128, 2 * targets.length))
  const report = withRoll(await checkTargets(targets, wanted), roll)
  const text = await renderReport(report, settings.json ? 'json' : format, wanted)
  if (output !== undefined) writeAtomically(output, text)
  const { ok, ...facts } = report
  const shown = output === undefined ? { output: text.trimEnd() } : {}
  return { ok, line: report.summary, ...shown, facts, exitCode: exitCodes[report.verdict] }
}

function refuseProblems(urls: readonly string[], output: string | undefined): void {
  const problems = urls.length > 0 ? urlProblems(urls) : []
  const problem = output === undefined ? undefined : outputProblem(output)
  if (problem !== undefined) problems.push(`--output: ${problem}`)
  if (problems.length > 0) throw new OperatorError('usage', problems.join('\n'), { hint: 'npm run check -- --help' })
}

interface Checked {
  readonly targets: CheckTarget[]
  /** Those that it may serve; undefined: not known. */
  readonly releases?: readonly string[]
  readonly roll?: RollNotice
}

/** The deployed group: its load balancer, with --instances each instance too, and the releases that it may serve. */
async function deployed(context: TaskContext): Promise<Checked> {
  const { openPlatform } = await import('./open-platform.ts')
  const { settings } = context
  const { platform, targetsOf } = await openPlatform(context)
  const [group, images] = await Promise.all([platform.group(), platform.images()])
  if (group === undefined) {
    throw new OperatorError('usage', `there is no group ${settings.group}${whereIn(platform)} to check`, {
      hint: 'npm run deploy, or npm run check -- URL',
    })
  }
  const instances = settings.check.instances ? group.instances : []
  return {
    targets: [toTarget(group.url), ...(await targetsOf(instances))],
    releases: rightReleases(group, images),
    ...(group.roll ? { roll: rollNotice(group.roll, await platform.lockOwner()) } : {}),
  }
}

/** A roll explains what would be strange without it, so every format that has a summary tells of it. */
function withRoll(report: CheckReport, roll: RollNotice | undefined): CheckReport & { readonly roll?: RollNotice } {
  return roll ? { ...report, summary: `${report.summary}; ${noticeInWords(roll)}`, roll } : report
}

function toTarget(url: string): CheckTarget {
  return { url }
}

function checkSettings({ check }: Settings, releases: readonly string[] = []): CheckSettings {
  const { warningLatencyMs, criticalLatencyMs } = check
  const expectVersion = check.expectVersion ?? releases
  return {
    ...(expectVersion.length === 0 ? {} : { expectVersion }),
    ...(warningLatencyMs === undefined ? {} : { warningLatencyMs }),
    ...(criticalLatencyMs === undefined ? {} : { criticalLatencyMs }),
    versionPath: check.versionPath,
    timePath: check.timePath,
    timeFormat: parseTimeFormat(check.timeFormat) ?? 'auto',
    maxOffsetMs: check.maxOffsetMs,
    samples: check.samples,
    timeoutMs: check.timeoutMs,
    warningCertificateDays: check.warningCertificateDays,
  }
}

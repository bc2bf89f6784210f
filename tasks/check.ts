import { checkTargets } from '../checker/check.ts'
import { renderReport } from '../checker/outlets/render.ts'
import { outputProblem, writeAtomically } from '../checker/output-file.ts'
import { exitCodes } from '../checker/report.ts'
import { type CheckSettings, parseTimeFormat } from '../checker/settings.ts'
import { type CheckTarget, urlProblems } from '../checker/target.ts'
import { OperatorError } from './lib/errors.ts'
import type { Settings } from './terminal/settings.ts'
import type { TaskContext, TaskResult } from './terminal/task.ts'

/** Checks the service from outside: urls, or without one the deployed group. */
export default async function check(context: TaskContext): Promise<TaskResult> {
  const { settings, positionals } = context
  const { format, output } = settings.check
  refuseProblems(positionals, output)
  const { targets, release } = positionals.length > 0 ? { targets: positionals.map(toTarget) } : await deployed(context)
  const wanted = checkSettings(settings, release)
  // Node looks up half as many names at once as it has threads, and a dead name server must not delay other targets.
  if (targets.length > 2) process.env.UV_THREADPOOL_SIZE ??= String(Math.min(128, 2 * targets.length))
  const report = await checkTargets(targets, wanted)
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

/** The deployed group: its load balancer, with --instances each instance too, and the release that it should serve. */
async function deployed(context: TaskContext): Promise<{ targets: CheckTarget[]; release: string | undefined }> {
  const { openPlatform } = await import('./open-platform.ts')
  const { settings } = context
  const { platform, targetsOf } = await openPlatform(context)
  const [group, images] = await Promise.all([platform.group(), platform.images()])
  if (group === undefined) {
    throw new OperatorError('usage', `there is no group ${settings.group} to check`, {
      hint: 'npm run deploy, or npm run check -- URL',
    })
  }
  const instances = settings.check.instances ? group.instances : []
  return {
    targets: [toTarget(group.url), ...(await targetsOf(instances))],
    // While a roll is under way, two releases are right.
    release: group.roll ? undefined : images.find(({ id }) => id === group.imageId)?.release,
  }
}

function toTarget(url: string): CheckTarget {
  return { url }
}

function checkSettings({ check }: Settings, release: string | undefined): CheckSettings {
  const { expectVersion = release, warningLatencyMs, criticalLatencyMs } = check
  return {
    ...(expectVersion === undefined ? {} : { expectVersion }),
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

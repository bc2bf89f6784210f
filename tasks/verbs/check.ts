import { needsTargets } from '../../checker/options/contradictions.ts'
import type { CheckOptions } from '../../checker/options/options.ts'
import { readTargets } from '../../checker/options/target-list.ts'
import { perform } from '../../checker/perform.ts'
import type { CheckTarget } from '../../checker/probe/target.ts'
import type { RunHost } from '../../checker/run-types.ts'
import { forgetVariables } from '../../checker/settings/read.ts'
import type { CheckReport } from '../../checker/verdict/report.ts'
import { OperatorError } from '../lib/errors.ts'
import { whereIn } from '../lib/no-group.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'
import { callAgain } from './check/again.ts'
import {
  type InPlaceNotice,
  inPlaceInWords,
  inPlaceNotice,
  noticeInWords,
  type RollNotice,
  rightReleases,
  rollNotice,
} from './check/roll-notice.ts'

/** Checks the given urls, or without any the deployed group. */
export default async function check(context: TaskContext): Promise<TaskResult> {
  const { settings, said, positionals } = context
  forgetVariables(process.env)
  const isNamed = positionals.length > 0 || settings.check.targets !== undefined
  const options = await optionsOf(context, isNamed)
  const isOfGroup = !isNamed && needsTargets(options) && options.install === undefined
  const named = isNamed ? readTargets(positionals, options.targets).targets : []
  const { targets, releases = [], ...notices } = isOfGroup ? await deployed(context) : { targets: named }
  const {
    report,
    stdout,
    exitCode,
    facts: told,
  } = await perform(
    {
      targets,
      options,
      said,
      expectVersion: releases,
      describe: (measured) => withNotices(measured, notices),
      again: callAgain(settings, isNamed),
    },
    { startedMs: performance.now(), ...hostOf(context) },
  )
  const { ok, ...facts } = report ?? { ok: exitCode === 0, ...told }
  return { ok, line: report?.summary ?? '', output: stdout.trimEnd(), facts, exitCode }
}

function hostOf({ progress, signal }: TaskContext): Pick<RunHost, 'warn' | 'say' | 'signal'> {
  return { warn: progress.warn, say: progress.event, signal }
}

/** A group is asked where its service answers, other urls where the checker expects it. */
async function optionsOf({ settings, said }: TaskContext, isNamed: boolean): Promise<CheckOptions> {
  const { groupCheck } = await import('../platforms/service.ts')
  const check = isNamed ? settings.check : groupCheck(settings, said)
  return settings.json ? { ...check, format: 'json' } : check
}

interface Notices {
  readonly roll?: RollNotice
  readonly inPlace?: InPlaceNotice
}

interface Checked extends Notices {
  readonly targets: CheckTarget[]
  /** Those it may serve; undefined: unknown. */
  readonly releases?: readonly string[]
}

/** The deployed group's load balancer, with --instances each instance too, and the releases they may serve. */
async function deployed(context: TaskContext): Promise<Checked> {
  const { openPlatform } = await import('../platforms/open.ts')
  const { settings } = context
  const { platform, targetsOf } = await openPlatform(context)
  const [group, images] = await Promise.all([platform.group(), platform.images()])
  if (group === undefined) {
    throw new OperatorError('usage', `there is no group ${settings.group}${whereIn(platform)} to check`, {
      hint: 'npm run deploy, or npm run check -- URL',
    })
  }
  const instances = settings.check.instances ? group.instances : []
  const inPlace = inPlaceNotice(group)
  return {
    targets: [toTarget(group.url), ...(await targetsOf(instances))],
    releases: rightReleases(group, images),
    ...(group.roll ? { roll: rollNotice(group.roll, await platform.lockOwner()) } : {}),
    ...(inPlace ? { inPlace } : {}),
  }
}

/** They explain what would otherwise look wrong, so every format with a summary mentions them. */
function withNotices(report: CheckReport, notices: Notices): CheckReport & Notices {
  const { roll, inPlace } = notices
  const words = [...(roll ? [noticeInWords(roll)] : []), ...(inPlace ? [inPlaceInWords(inPlace)] : [])]
  return { ...report, summary: [report.summary, ...words].join('; '), ...notices }
}

function toTarget(url: string): CheckTarget {
  return { url }
}

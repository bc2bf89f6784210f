import { countText, isZero } from '../lib/count.ts'
import type { CommandLine } from './command-line.ts'
import type { SettingKey, Settings } from './settings.ts'

/** Settings that contradict each other, and why, one line. */
export interface Contradiction {
  readonly of: readonly SettingKey[]
  readonly problem: string
}

/**
 * AWS's longest wait at a checkpoint:
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html.
 */
const longestCheckpointSeconds = 172_800

export function rollContradictions({ given }: Pick<CommandLine, 'given'>, settings: Settings): Contradiction[] {
  const { platform, roll, dryRun } = settings
  const { surge } = roll
  const hasHook = [roll.beforeRoll, roll.beforeTerminate, roll.afterAccept].some((hook) => hook !== undefined)
  /** Only flags need it: in a file a setting may wait for a roll that uses it. */
  const needs = (key: SettingKey, flag: string, others: readonly SettingKey[], isThere: boolean): Contradiction[] =>
    !given.has(key) || isThere
      ? []
      : [{ of: [key, ...others], problem: `${given.get(key)?.name}: means nothing without ${flag}` }]
  return [
    ...when(surge !== undefined && isZero(surge) && isZero(roll.maxUnavailable), {
      of: ['roll.surge', 'roll.maxUnavailable'],
      problem: `--surge: ${surge && countText(surge)} leaves no room for a new instance without --max-unavailable of 1 or more`,
    }),
    ...needs('roll.canaryWatchSeconds', '--canary', ['roll.canary'], !isZero(roll.canary)),
    ...needs('roll.pauseSeconds', '--pause-at', ['roll.pauseAt'], roll.pauseAt.length > 0),
    ...needs('roll.hookTimeoutSeconds', '--before-roll, --before-terminate or --after-accept', hookKeys, hasHook),
    ...when(given.has('roll.report') && dryRun, {
      of: ['roll.report', 'dryRun'],
      problem: '--report: a dry run leaves nothing to report',
    }),
    ...(roll.engine === 'refresh' && platform === 'aws' ? beyondRefresh(settings) : []),
    ...when(roll.engine === 'refresh' && platform !== 'aws', {
      of: ['roll.engine', 'platform'],
      problem: `--engine: refresh works on aws only, the platform is ${platform}`,
    }),
  ]
}

/** Settings that an instance refresh cannot honour, whatever the size of the group. */
export function beyondRefresh({ roll }: Settings): Contradiction[] {
  const waits: { flag: string; key: SettingKey; seconds: number }[] = []
  if (!isZero(roll.canary) && roll.canaryWatchSeconds !== undefined)
    waits.push({ flag: '--canary-watch', key: 'roll.canaryWatchSeconds', seconds: roll.canaryWatchSeconds })
  if (roll.pauseAt.length > 0 && roll.pauseSeconds !== undefined)
    waits.push({ flag: '--pause', key: 'roll.pauseSeconds', seconds: roll.pauseSeconds })
  return [
    ...when(roll.first.length > 0, {
      of: ['roll.first'],
      problem: '--first: an instance refresh chooses the order itself',
    }),
    ...when(roll.pauseAt.length > 0 && roll.pauseSeconds === undefined, {
      of: ['roll.pauseAt', 'roll.pauseSeconds'],
      problem: '--pause-at: an instance refresh does not pause without --pause',
    }),
    ...when(new Set(waits.map(({ seconds }) => seconds)).size > 1, {
      of: ['roll.canaryWatchSeconds', 'roll.pauseSeconds', 'roll.canary', 'roll.pauseAt'],
      problem: '--canary-watch and --pause: an instance refresh waits equally long at each checkpoint',
    }),
    ...waits
      .filter(({ seconds }) => seconds > longestCheckpointSeconds)
      .map(({ flag, key }) => ({ of: [key], problem: `${flag}: an instance refresh waits 2 days at most` })),
    ...when(roll.beforeTerminate !== undefined, {
      of: ['roll.beforeTerminate'],
      problem: '--before-terminate: an instance refresh runs no commands',
    }),
    ...when(roll.afterAccept !== undefined, {
      of: ['roll.afterAccept'],
      problem: '--after-accept: an instance refresh runs no commands',
    }),
    ...when(roll.report !== undefined, {
      of: ['roll.report'],
      problem: '--report: bakeroll does not see what an instance refresh does to each instance',
    }),
  ]
}

const hookKeys: readonly SettingKey[] = ['roll.beforeRoll', 'roll.beforeTerminate', 'roll.afterAccept']

function when(isSo: boolean, contradiction: Contradiction): Contradiction[] {
  return isSo ? [contradiction] : []
}

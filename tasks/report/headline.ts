import { count } from '../lib/count.ts'
import type { RollPolicy } from '../lib/roll/policy.ts'
import type { Life } from './lives.ts'
import type { Summary } from './summary.ts'

/** The top line of a report. */
export interface Headline {
  readonly title: string
  readonly outcome: string
  /** Determines colour and symbol. */
  readonly tone: 'good' | 'back' | 'bad' | 'open'
  /** `1.0.0 (app-1)`. */
  readonly from: string
  readonly to: string
}

const tones: Record<Summary['outcome'], Headline['tone']> = {
  rolled: 'good',
  released: 'good',
  unchanged: 'good',
  'rolled-back': 'back',
  paused: 'open',
  interrupted: 'open',
  unfinished: 'open',
  refused: 'bad',
  failed: 'bad',
}

export function headlineOf({ began, outcome }: Summary, lives: readonly Life[]): Headline {
  const named = (imageId: string | undefined) => {
    const release = lives.find((life) => life.imageId === imageId)?.release
    return {
      release: release ?? imageId ?? 'nothing',
      full: release && release !== imageId ? `${release} (${imageId})` : (imageId ?? 'nothing'),
    }
  }
  const to = named(began?.imageId)
  const from = named(began?.previousImageId)
  const group = began?.group ?? 'The group'
  const way = began?.inPlace ? 'the release of' : 'the roll to'
  const titles: Record<Summary['outcome'], string> = {
    rolled: `${group} rolled to ${to.release}`,
    released: `${group} has ${to.release} in place`,
    unchanged: `${group} is on ${to.release} already`,
    'rolled-back': `${group} is back on ${from.release}`,
    paused: `${group} pauses on its way to ${to.release}`,
    interrupted: `${group}: ${way} ${to.release} was interrupted`,
    unfinished: `${group}: ${way} ${to.release} is not finished`,
    refused: `${group}: ${way} ${to.release} was refused`,
    failed: `${group}: ${way} ${to.release} failed`,
  }
  const title = began ? titles[outcome] : 'No roll is recorded yet'
  return {
    title,
    outcome,
    tone: began ? tones[outcome] : 'open',
    from: from.full,
    to: `${to.full}${outcome === 'rolled-back' ? ', and back' : ''}`,
  }
}

/** The policy in a few words, without unused parts. */
export function policyWords(policy: RollPolicy): string[] {
  const { surge, maxUnavailable, canary, canaryWatchSeconds, pauseAt, pauseSeconds, first, force } = policy
  return [
    surge > 0 ? `surge ${surge}` : 'in place',
    ...(maxUnavailable > 0 ? [`${maxUnavailable} may be missing`] : []),
    ...(canary > 0 ? [`${count(canary, 'canary').replace('canarys', 'canaries')} first`] : []),
    ...(canary > 0 && canaryWatchSeconds > 0 ? [`watched for ${canaryWatchSeconds} s`] : []),
    ...(pauseAt.length > 0
      ? [`pauses at ${pauseAt.join(', ')}${pauseSeconds === undefined ? '' : ` for ${pauseSeconds} s`}`]
      : []),
    ...(first.length > 0 ? [`${first.join(', ')} first to leave`] : []),
    ...(force ? ['replaces what is on the image already'] : []),
    `${policy.instanceTimeoutSeconds} s for each new instance`,
  ]
}

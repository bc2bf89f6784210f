import { OperatorError } from '../lib/errors.ts'

/** All faults of the simulator, and what they do. */
export const faultNames = {
  'never-boots': 'the next machine that is launched never comes up',
  'never-healthy': 'the service of the next one never answers',
  'wrong-release': 'the next one serves another release',
  'clock-off': 'the clock of the next one is wrong',
  'slow-start': 'the next one boots in five times its time',
  slow: 'the next one answers 20 times as slowly',
  flapping: 'the next one answers and fails in turns',
  'dies-before-ready': 'the next one ends before it answers',
  'dies-accepted': 'the next one ends soon after it was accepted',
  capacity: 'no machine can be launched for a while',
  quota: 'no machine can be launched any more',
  'at-maximum': "the group's maximum becomes its size",
  spot: 'a machine is ended by the platform',
  standby: 'a machine is put into standby by somebody',
  detached: 'a machine is detached by somebody',
  protected: 'a machine is protected from scale-in by somebody',
  scaled: 'the size is changed by somebody',
  'image-changed': 'the image of the group is changed by somebody',
  rebalance: 'at the next launch the platform ends an old machine',
  'balancer-down': 'the load balancer cannot be told anything for a while',
  'balancer-stopped': 'the load balancer stops',
  'disk-full': "the group's record cannot be written for a while",
  'zone-gone': 'the network of one zone is gone for a while',
  killed: 'the client is killed, and the same command is run again',
} as const

export type FaultName = keyof typeof faultNames

/** After a number of steps, or when a share of the instances has been replaced. */
export type Moment = { readonly steps: number } | { readonly percent: number }

/** One entry of a list of faults; without a moment each repetition gets one drawn from the seed. */
export interface FaultWord {
  readonly name: FaultName
  readonly count: number
  readonly moment?: Moment
}

/**
 * Parses a comma-separated list of `name[:count][@moment]`; a moment is a number of steps or a percent. Throws a usage
 * error that names each wrong entry and its place.
 */
export function parseFaults(text: string): FaultWord[] {
  const words = text.trim() === '' ? [] : text.split(',').map((word) => word.trim())
  const problems: string[] = []
  const faults = words.flatMap((word, index) => {
    const fault = parseWord(word)
    if (typeof fault !== 'string') return [fault]
    problems.push(`--faults: "${word}", number ${index + 1} of the list: ${fault}`)
    return []
  })
  if (problems.length === 0) return faults
  throw new OperatorError('usage', problems.join('\n'), {
    hint: `name[:count][@moment], like never-boots:2@40%; names: ${Object.keys(faultNames).join(', ')}`,
  })
}

function parseWord(word: string): FaultWord | string {
  const [, name = '', , count = '1', , moment] = /^([^:@]*)(:([^@]*))?(@(.*))?$/.exec(word) ?? []
  if (!isFaultName(name)) return `no fault is called "${name}"`
  if (!/^\d{1,5}$/.test(count) || Number(count) < 1 || Number(count) > 10_000) {
    return `expected a count from 1 to 10000 after the colon, got "${count}"`
  }
  if (moment === undefined) return { name, count: Number(count) }
  const [, digits, percent] = /^(\d{1,6})(%?)$/.exec(moment) ?? []
  if (digits === undefined || (percent === '%' && Number(digits) > 100)) {
    return `expected a number of steps or a percent after the @, got "${moment}"`
  }
  const at = percent === '%' ? { percent: Number(digits) } : { steps: Number(digits) }
  return { name, count: Number(count), moment: at }
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultNames, name)
}

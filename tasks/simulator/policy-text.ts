import { parseCount, resolveCount } from '../lib/count.ts'
import { OperatorError } from '../lib/errors.ts'
import { plainPolicy, type RollPolicy } from '../lib/roll/policy.ts'

/** The names allowed in a policy text, with the values they expect. */
export const policyNames = {
  surge: 'a count or a percent',
  batch: 'the same as surge',
  'max-unavailable': 'a count or a percent',
  canary: 'a count or a percent',
  'canary-watch': 'a duration like 90s, 10m or 1h',
  'pause-at': 'counts or percents, with commas between them',
  pause: 'a duration like 90s, 10m or 1h',
  force: 'nothing',
  'instance-timeout': 'a duration like 90s, 10m or 1h',
  timeout: 'a duration like 90s, 10m or 1h',
} as const

type PolicyName = keyof typeof policyNames

interface Draft extends Partial<Omit<RollPolicy, 'pauseAt'>> {
  pauseAt: number[]
}

/**
 * Parses a comma-separated list of `name=value` or `name:value` for a group of `size`: `surge=5%,pause-at=1,50%`.
 * Defaults: a surge of 5 %, or none with `max-unavailable`; 10 minutes for an instance, and for the roll far more than
 * it takes. Throws a usage error that names each wrong entry and its place.
 */
export function parsePolicy(text: string, size: number): RollPolicy {
  const words = text.trim() === '' ? [] : text.split(',').map((word) => word.trim())
  const problems: string[] = []
  const draft: Draft = { pauseAt: [] }
  let isPausing = false
  for (const [index, word] of words.entries()) {
    const isPoint: boolean = isPausing && /^\d+%?$/.test(word)
    const problem = isPoint ? readWord(draft, 'pause-at', word, size) : readPair(draft, word, size)
    if (problem) problems.push(`--policy: "${word}", number ${index + 1} of the list: ${problem}`)
    isPausing = isPoint || /^pause-at\b/.test(word)
  }
  const { maxUnavailable = 0, surge = maxUnavailable > 0 ? 0 : resolveCount({ percent: 5 }, size), pauseAt } = draft
  if (surge === 0 && maxUnavailable === 0) problems.push('--policy: without a surge, max-unavailable must be above 0')
  if (problems.length > 0) throw wrong(problems)
  const ascending = [...new Set(pauseAt)].sort((a, b) => a - b)
  const policy = { ...plainPolicy, ...draft, surge, maxUnavailable, pauseAt: ascending }
  return { ...policy, timeoutSeconds: draft.timeoutSeconds ?? ampleSeconds(policy, size) }
}

/** Six hours, plus ten times what the machines would take one window after the other, plus all waits. */
function ampleSeconds(policy: RollPolicy, size: number): number {
  const { surge, maxUnavailable, canaryWatchSeconds, pauseAt, pauseSeconds = 0 } = policy
  const windows = Math.ceil(size / Math.max(surge, maxUnavailable))
  return 6 * 3600 + 10 * 150 * windows + canaryWatchSeconds + pauseAt.length * pauseSeconds
}

function wrong(problems: readonly string[]): OperatorError {
  const names = Object.entries(policyNames).map(([name, wants]) => `${name} (${wants})`)
  return new OperatorError('usage', problems.join('\n'), {
    hint: `name=value, like surge=5%; names: ${names.join(', ')}`,
  })
}

function readPair(draft: Draft, word: string, size: number): string | undefined {
  const [, name = '', , value] = /^([^=:]*)([=:](.*))?$/.exec(word) ?? []
  if (!isPolicyName(name)) return `no part of a policy is called "${name}"`
  if (name === 'force') return readForce(draft, value)
  if (value === undefined) return `${name} wants ${policyNames[name]}`
  return readWord(draft, name, value, size)
}

function readForce(draft: Draft, value = 'true'): string | undefined {
  Object.assign(draft, { force: value === 'true' })
  return value === 'true' || value === 'false' ? undefined : `force wants nothing, or true or false, got "${value}"`
}

function readWord(draft: Draft, name: Exclude<PolicyName, 'force'>, value: string, size: number): string | undefined {
  const field = fields[name]
  const read = policyNames[name].startsWith('a duration') ? seconds(value) : count(value, size)
  const isZero = read === 0 && !['surge', 'batch', 'max-unavailable', 'canary'].includes(name)
  if (read === undefined || isZero) return `${name} wants ${policyNames[name]}, got "${value}"`
  if (name === 'pause-at') draft.pauseAt.push(read)
  else Object.assign(draft, { [field]: read })
  return undefined
}

const fields = {
  surge: 'surge',
  batch: 'surge',
  'max-unavailable': 'maxUnavailable',
  canary: 'canary',
  'canary-watch': 'canaryWatchSeconds',
  'pause-at': 'pauseAt',
  pause: 'pauseSeconds',
  'instance-timeout': 'instanceTimeoutSeconds',
  timeout: 'timeoutSeconds',
} as const satisfies Record<Exclude<PolicyName, 'force'>, keyof RollPolicy>

function count(value: string, size: number): number | undefined {
  const found = parseCount(value)
  return found === undefined ? undefined : resolveCount(found, size)
}

function seconds(value: string): number | undefined {
  const [, amount, unit] = /^(\d{1,7})(s|m|h|d)$/.exec(value) ?? []
  if (amount === undefined) return undefined
  return Number(amount) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd']
}

function isPolicyName(name: string): name is PolicyName {
  return Object.hasOwn(policyNames, name)
}

import { OperatorError } from './errors.ts'

/** `1 instance`, `2 instances`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/**
 * A number of instances from a count (`2`) or a share of the group (`25%`, rounded down), at least 1. Throws a
 * usage error for anything else.
 */
export function resolveCount(text: string, size: number): number {
  const resolved = resolveShare(text, size)
  if (Number.parseInt(text, 10) === 0) throw notACount(text)
  return Math.max(1, resolved)
}

/** The same, but a share may come to none, and 0 is one. */
export function resolveShare(text: string, size: number): number {
  const match = /^(\d+)(%?)$/.exec(text.trim())
  const value = Number(match?.[1])
  if (!match || (match[2] && value > 100)) throw notACount(text)
  return match[2] ? Math.floor((size * value) / 100) : value
}

function notACount(text: string): OperatorError {
  return new OperatorError('usage', `expected a count or a percent, like 2 or 25%, got "${text}"`)
}

import { OperatorError } from './errors.ts'

/**
 * A number of instances from a count (`2`) or a share of the group (`25%`, rounded down), at least 1. Throws a
 * usage error for anything else.
 */
export function resolveCount(text: string, size: number): number {
  const match = /^(\d+)(%?)$/.exec(text.trim())
  const value = Number(match?.[1])
  if (!match || value === 0 || (match[2] && value > 100)) {
    throw new OperatorError('usage', `expected a count or a percent, like 2 or 25%, got "${text}"`)
  }
  return match[2] ? Math.max(1, Math.floor((size * value) / 100)) : value
}

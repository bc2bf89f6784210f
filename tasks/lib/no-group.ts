import { OperatorError } from './errors.ts'
import type { Platform } from './platform.ts'

/** There is no group, and where there is none: a usage error. */
export function noGroup(platform: Pick<Platform, 'place'>): OperatorError {
  return new OperatorError('usage', `there is no group yet${whereIn(platform)}`, { hint: 'npm run deploy' })
}

/** ` in eu-central-1`, with the space before it; empty where there is one place only. */
export function whereIn({ place }: Pick<Platform, 'place'>): string {
  return place === undefined ? '' : ` ${place}`
}

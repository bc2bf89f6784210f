import { OperatorError } from './errors.ts'
import type { Platform } from './platform.ts'

/** Usage error: the group does not exist (names the region where there is one). */
export function noGroup(platform: Pick<Platform, 'place'>): OperatorError {
  return new OperatorError('usage', `there is no group yet${whereIn(platform)}`, { hint: 'npm run deploy' })
}

/** ` in eu-central-1`, with the leading space; empty on a platform with one place only. */
export function whereIn({ place }: Pick<Platform, 'place'>): string {
  return place === undefined ? '' : ` ${place}`
}

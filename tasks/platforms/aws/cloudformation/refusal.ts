import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { beginningOf, newestOperation } from './events.ts'
import { rootCause } from './failure.ts'
import type { Stack } from './states.ts'
import { type StackCondition, stateOf } from './states.ts'

/** The error for a stack that cannot be changed: why, since when, and what to do. */
export async function refusal(aws: Aws, { name, id, status, reason }: Stack): Promise<OperatorError> {
  const { condition, words } = stateOf(status)
  const operation = await newestOperation(aws, id).catch(() => [])
  const since = condition === 'busy' ? beginningOf(operation) : ''
  const cause = condition === 'busy' ? undefined : rootCause(operation)
  const why = cause ? `${cause.logicalId}: ${cause.reason}` : condition === 'busy' ? '' : reason
  const message = [`stack ${name} ${words}`, since].filter(Boolean).join(' ')
  return new OperatorError('refused', `${message} (${status})${why === '' ? '' : `: ${why}`}`, {
    hint: adviceOn({ name, status }),
  })
}

/**
 * One line about a stack that cannot be changed now (stuck, half created, half deleted, in progress); undefined for one
 * that can.
 */
export function stateNote({ name, status }: Pick<Stack, 'name' | 'status'>): string | undefined {
  const { condition, words } = stateOf(status)
  if (condition === 'ready' || condition === 'gone') return undefined
  const note = `stack ${name} ${words} (${status})`
  return condition === 'busy' ? note : `${note}: ${adviceOn({ name, status })}`
}

/** A service cannot be moved to another network when its own is gone. */
export function withoutNetwork(network: string, service: string): { readonly problem: string; readonly hint: string } {
  return {
    problem: `stack ${network}, which ${service} needs, was deleted`,
    hint: 'npm run destroy, then npm run deploy to create the group again',
  }
}

function adviceOn({ name, status }: Pick<Stack, 'name' | 'status'>): string {
  const { condition, remedy } = stateOf(status)
  return remedy?.(name) ?? adviceFor[condition]?.(name) ?? 'npm run deploy'
}

const adviceFor: { readonly [Key in StackCondition]?: (stack: string) => string } = {
  busy: (stack) =>
    `wait until it has finished (aws cloudformation describe-stacks --stack-name ${stack}), then try again`,
  'half-deleted': () => 'npm run destroy deletes the rest; then npm run deploy',
  'failed-create': () => 'npm run deploy removes it and creates it again',
  'review-only': () => 'npm run deploy creates it',
}

import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { beginningOf, newestOperation } from './events.ts'
import { rootCause } from './failure.ts'
import type { Stack } from './states.ts'
import { type StackCondition, stateOf } from './states.ts'

/** Why a stack in this state cannot be changed, since when, and what to do. */
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
 * The state of a stack in one line, for one that cannot be changed now: stuck, half made, half deleted, or being changed;
 * undefined for one that can.
 */
export function stateNote({ name, status }: Pick<Stack, 'name' | 'status'>): string | undefined {
  const { condition, words } = stateOf(status)
  if (condition === 'ready' || condition === 'gone') return undefined
  const note = `stack ${name} ${words} (${status})`
  return condition === 'busy' ? note : `${note}: ${adviceOn({ name, status })}`
}

/** What stands on a network that is gone cannot be moved to another one: the problem, and what helps. */
export function withoutNetwork(network: string, service: string): { readonly problem: string; readonly hint: string } {
  return {
    problem: `stack ${network}, on which ${service} stands, was deleted`,
    hint: 'npm run destroy and npm run deploy make the group anew',
  }
}

function adviceOn({ name, status }: Pick<Stack, 'name' | 'status'>): string {
  const { condition, remedy } = stateOf(status)
  return remedy?.(name) ?? adviceFor[condition]?.(name) ?? 'npm run deploy'
}

const adviceFor: { readonly [Key in StackCondition]?: (stack: string) => string } = {
  busy: (stack) => `wait for its end: aws cloudformation describe-stacks --stack-name ${stack}; then the same again`,
  'half-deleted': () => 'npm run destroy deletes the rest; then npm run deploy',
  'failed-create': () => 'npm run deploy clears it away and makes it anew',
  'review-only': () => 'npm run deploy makes it',
}

import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { beginningOf, newestOperation } from './stack-events.ts'
import { rootCause } from './stack-failure.ts'
import { type StackCondition, stateOf } from './stack-states.ts'
import type { Stack } from './stacks.ts'

/** Why a stack in this state cannot be changed, since when, and what to do. */
export async function refusal(aws: Aws, { name, id, status, reason }: Stack): Promise<OperatorError> {
  const { condition, words, remedy } = stateOf(status)
  const operation = await newestOperation(aws, id).catch(() => [])
  const since = condition === 'busy' ? beginningOf(operation) : ''
  const cause = condition === 'busy' ? undefined : rootCause(operation)
  const why = cause ? `${cause.logicalId}: ${cause.reason}` : condition === 'busy' ? '' : reason
  const message = [`stack ${name} ${words}`, since].filter(Boolean).join(' ')
  return new OperatorError('refused', `${message} (${status})${why === '' ? '' : `: ${why}`}`, {
    hint: remedy?.(name) ?? adviceFor[condition]?.(name) ?? 'npm run deploy',
  })
}

const adviceFor: { readonly [Key in StackCondition]?: (stack: string) => string } = {
  busy: (stack) => `wait for its end: aws cloudformation describe-stacks --stack-name ${stack}; then the same again`,
  'half-deleted': () => 'npm run destroy deletes the rest; then npm run deploy',
  ruin: () => 'npm run deploy clears it away and makes it anew',
  unmade: () => 'npm run deploy makes it',
}

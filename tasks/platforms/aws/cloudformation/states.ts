import type { StackStatus } from '@aws-sdk/client-cloudformation'

export interface Stack {
  readonly name: string
  /** The ARN, which finds the stack even after its deletion. */
  readonly id: string
  /** CloudFormation's status, such as `UPDATE_ROLLBACK_COMPLETE`; see the table below. */
  readonly status: string
  /** CloudFormation's reason for the status, if any. */
  readonly reason: string
  readonly parameters: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/**
 * `ready`: complete, can be changed. `review-only`: it has change sets only. `failed-create`: its first creation
 * failed; it holds nothing useful and is deleted before the next creation. `busy`: an operation is in progress.
 * `stuck`: needs a person. `half-deleted`: a deletion failed midway. `gone`: deleted.
 */
export type StackCondition = 'ready' | 'review-only' | 'failed-create' | 'busy' | 'stuck' | 'half-deleted' | 'gone'

/** The meaning of one CloudFormation status. */
export interface StackState {
  readonly condition: StackCondition
  /** What `destroy` does: deletes the stack, waits for the operation in progress first, or refuses. */
  readonly deletion: 'delete' | 'wait' | 'refuse'
  /** Current or past event, to follow the stack's name: `is being updated`. */
  readonly words: string
  /** The command that unblocks a stuck stack. */
  readonly remedy?: (stack: string) => string
}

const settled = (words: string): StackState => ({ condition: 'ready', deletion: 'delete', words })
const busy = (words: string, deletion: StackState['deletion'] = 'refuse'): StackState => ({
  condition: 'busy',
  deletion,
  words,
})
const failedCreate = (words: string): StackState => ({ condition: 'failed-create', deletion: 'delete', words })
const stuck = (words: string, remedy: StackState['remedy']): StackState => ({
  condition: 'stuck',
  deletion: 'delete',
  words,
  ...(remedy ? { remedy } : {}),
})

/**
 * Every CloudFormation status (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
 */
export const stackStates: Readonly<Record<StackStatus, StackState>> = {
  REVIEW_IN_PROGRESS: { condition: 'review-only', deletion: 'delete', words: 'has change sets only' },
  CREATE_IN_PROGRESS: busy('is being created', 'delete'),
  CREATE_COMPLETE: settled('was created'),
  CREATE_FAILED: failedCreate('could not be created'),
  ROLLBACK_IN_PROGRESS: busy('could not be created and is being rolled back', 'wait'),
  ROLLBACK_COMPLETE: failedCreate('could not be created and was rolled back'),
  ROLLBACK_FAILED: failedCreate('could not be created, and its rollback failed'),
  UPDATE_IN_PROGRESS: busy('is being updated'),
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: busy('was updated; old resources are being removed', 'wait'),
  UPDATE_COMPLETE: settled('was updated'),
  UPDATE_FAILED: stuck('could not be updated, with rollback disabled', goBack),
  UPDATE_ROLLBACK_IN_PROGRESS: busy('could not be updated and is being rolled back', 'wait'),
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: busy(
    'was rolled back; resources of the failed update are being removed',
    'wait',
  ),
  UPDATE_ROLLBACK_COMPLETE: settled('could not be updated and was rolled back'),
  UPDATE_ROLLBACK_FAILED: stuck('could not be updated, and its rollback failed', continueBack),
  DELETE_IN_PROGRESS: busy('is being deleted', 'wait'),
  DELETE_COMPLETE: { condition: 'gone', deletion: 'delete', words: 'is deleted' },
  DELETE_FAILED: { condition: 'half-deleted', deletion: 'delete', words: 'could not be deleted' },
  IMPORT_IN_PROGRESS: busy('is importing resources'),
  IMPORT_COMPLETE: settled('imported resources'),
  IMPORT_ROLLBACK_IN_PROGRESS: busy('could not import resources and is being rolled back', 'wait'),
  IMPORT_ROLLBACK_COMPLETE: settled('could not import resources and was rolled back'),
  IMPORT_ROLLBACK_FAILED: stuck('could not import resources, and its rollback failed', continueBack),
}

/** A status newer than this table counts as busy, so the stack is left alone. */
export function stateOf(status: string): StackState {
  return stackStates[status as StackStatus] ?? busy(`is in the state ${status}`)
}

/** Whether no operation is in progress in this status. */
export function isAtRest(status: string): boolean {
  const { condition } = stateOf(status)
  return condition !== 'busy' && condition !== 'review-only'
}

function goBack(stack: string): string {
  return `aws cloudformation rollback-stack --stack-name ${stack}`
}

function continueBack(stack: string): string {
  return `aws cloudformation continue-update-rollback --stack-name ${stack}`
}

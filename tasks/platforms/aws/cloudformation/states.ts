import type { StackStatus } from '@aws-sdk/client-cloudformation'

/** A CloudFormation stack that exists. */
export interface Stack {
  readonly name: string
  /** Its ARN, by which it can be asked for when it is deleted, too. */
  readonly id: string
  /** CloudFormation's own word, `UPDATE_ROLLBACK_COMPLETE`; the table below says what each means. */
  readonly status: string
  /** Why it is in that state, as far as CloudFormation tells. */
  readonly reason: string
  readonly parameters: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/**
 * What a stack's state means to us.
 * `ready`: it stands and can be changed. `review-only`: only change sets of it exist. `failed-create`: its first creation failed; it holds
 * nothing of use and is deleted before a new creation. `busy`: an operation is under way. `stuck`: a person must mend it.
 * `half-deleted`: a deletion failed on the way. `gone`: deleted.
 */
export type StackCondition = 'ready' | 'review-only' | 'failed-create' | 'busy' | 'stuck' | 'half-deleted' | 'gone'

/** What one state of CloudFormation means and allows. */
export interface StackState {
  readonly condition: StackCondition
  /** What `destroy` does: deletes it, waits for the end of what is under way first, or refuses. */
  readonly deletion: 'delete' | 'wait' | 'refuse'
  /** What is under way, or what happened, after the stack's name: `is being updated`. */
  readonly words: string
  /** The command that gets a stuck stack out of there. */
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

/** Every state that CloudFormation knows (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html). */
export const stackStates: Readonly<Record<StackStatus, StackState>> = {
  REVIEW_IN_PROGRESS: { condition: 'review-only', deletion: 'delete', words: 'has change sets only' },
  CREATE_IN_PROGRESS: busy('is being created', 'delete'),
  CREATE_COMPLETE: settled('was created'),
  CREATE_FAILED: failedCreate('could not be created'),
  ROLLBACK_IN_PROGRESS: busy('could not be created and is being cleared away', 'wait'),
  ROLLBACK_COMPLETE: failedCreate('could not be created; its resources are cleared away'),
  ROLLBACK_FAILED: failedCreate('could not be created, and not all of it be cleared away'),
  UPDATE_IN_PROGRESS: busy('is being updated'),
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: busy('was updated; what it no longer needs is being removed', 'wait'),
  UPDATE_COMPLETE: settled('was updated'),
  UPDATE_FAILED: stuck('could not be updated, and was told not to go back', goBack),
  UPDATE_ROLLBACK_IN_PROGRESS: busy('could not be updated and is going back', 'wait'),
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: busy('is back; what the update made is being removed', 'wait'),
  UPDATE_ROLLBACK_COMPLETE: settled('could not be updated and is as it was before'),
  UPDATE_ROLLBACK_FAILED: stuck('could not be updated, and not go back', continueBack),
  DELETE_IN_PROGRESS: busy('is being deleted', 'wait'),
  DELETE_COMPLETE: { condition: 'gone', deletion: 'delete', words: 'is deleted' },
  DELETE_FAILED: { condition: 'half-deleted', deletion: 'delete', words: 'could not be deleted' },
  IMPORT_IN_PROGRESS: busy('is taking resources over'),
  IMPORT_COMPLETE: settled('took resources over'),
  IMPORT_ROLLBACK_IN_PROGRESS: busy('could not take resources over and is going back', 'wait'),
  IMPORT_ROLLBACK_COMPLETE: settled('could not take resources over and is as it was before'),
  IMPORT_ROLLBACK_FAILED: stuck('could not take resources over, and not go back', continueBack),
}

/** The meaning of a state; one that is newer than this table counts as busy, so that nothing is done to the stack. */
export function stateOf(status: string): StackState {
  return stackStates[status as StackStatus] ?? busy(`is in the state ${status}`)
}

/** Whether an operation has ended in this state. */
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

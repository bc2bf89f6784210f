/** What kind of failure it is; the kind fixes the exit code (INTERFACE in docs/reference.md). */
export type FailureKind = 'usage' | 'refused' | 'put-back' | 'failed' | 'interrupted'

/** A failure that an operator can act on. Anything else that escapes a verb is a defect of ours: stack, exit code 1. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly kind: FailureKind
  /** What to do about it; a command where there is one. */
  readonly hint: string | undefined
  /** Whether trying again cannot help until a person has changed something: a permission is missing. */
  readonly isLasting: boolean
  /** Whether a part of the group is gone without which it cannot be looked at any more; `destroy` goes on all the same. */
  readonly isOfBrokenGroup: boolean

  constructor(
    kind: FailureKind,
    message: string,
    options: { hint?: string; cause?: unknown; isLasting?: boolean; isOfBrokenGroup?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.hint = options.hint
    this.isLasting = options.isLasting ?? false
    this.isOfBrokenGroup = options.isOfBrokenGroup ?? false
  }
}

/** The exit code of each kind of failure. */
export const exitCodes: Record<FailureKind, number> = {
  usage: 2,
  refused: 3,
  'put-back': 4,
  failed: 5,
  interrupted: 130,
}

/** Fixes the exit code (docs/reference.md). */
export type FailureKind = 'usage' | 'refused' | 'put-back' | 'failed' | 'interrupted'

/**
 * A failure that the operator can act on. Any other error that escapes a verb is a bug of ours: stack trace, exit code
 * 1.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly kind: FailureKind
  /** What to do about it; a command where there is one. */
  readonly hint: string | undefined
  /** Retrying cannot help until a person has changed something, such as a missing permission. */
  readonly isLasting: boolean
  /** The group cannot be read because one of its resources was deleted by hand; `destroy` still works. */
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

export const exitCodes: Record<FailureKind, number> = {
  usage: 2,
  refused: 3,
  'put-back': 4,
  failed: 5,
  interrupted: 130,
}

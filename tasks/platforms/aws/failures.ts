import { OperatorError } from '../../lib/errors.ts'

/** Where an error came from. */
export interface Attempt {
  /** The API action, `DescribeInstances`. */
  readonly command: string
  /** Whether this run has changed anything on AWS yet. */
  readonly hasChanged: boolean
}

/** Whether an error, or what caused it, is one of AWS's with one of these codes. */
export function isAwsError(error: unknown, ...codes: string[]): boolean {
  const own = error instanceof OperatorError ? error.cause : error
  return own instanceof Error && codes.includes(own.name)
}

/** What AWS itself said, without our words around it. */
export function awsMessage(error: unknown): string {
  const own = error instanceof OperatorError ? error.cause : error
  return own instanceof Error ? own.message : String(own)
}

/** The failure of a call to AWS, in words that an operator can act on; the SDK's error is its cause. */
export function awsFailure(error: unknown, attempt: Attempt): OperatorError {
  if (error instanceof OperatorError) return error
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return new OperatorError(attempt.hasChanged ? 'failed' : 'refused', `${attempt.command}: ${name}: ${message}`, {
    cause: error,
  })
}

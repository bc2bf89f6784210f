import { OperatorError } from '../../../lib/errors.ts'
import { type FailureFacts, hideSecrets, readFacts } from './failure-facts.ts'
import { type Attempt, endpointHint, hintFor, plainCode } from './hints.ts'

/** Whether an error, or its cause, has one of these AWS codes; `AlreadyExists` matches `AlreadyExistsException` too. */
export function isAwsError(error: unknown, ...codes: string[]): boolean {
  const own = error instanceof OperatorError ? error.cause : error
  if (!(own instanceof Error)) return false
  const found = readFacts(own).codes.map(plainCode)
  return codes.some((code) => found.includes(plainCode(code)))
}

/** AWS's own message: one line, no secrets. */
export function awsMessage(error: unknown): string {
  return readFacts(error instanceof OperatorError ? error.cause : error).message
}

export function isReading(command: string): boolean {
  return /^(Describe|Detect|Get|List|Simulate|Validate|Estimate|SendSSHPublicKey|CreateChangeSet|DeleteChangeSet)/.test(
    command,
  )
}

/**
 * Turns an error of an AWS call into an OperatorError with AWS's message, a hint where one is known, and the SDK's
 * error as cause. Errors that are not failures of a call (a TypeError before anything was sent) are returned unchanged:
 * a defect of ours.
 */
export function awsFailure(error: unknown, attempt: Attempt): Error {
  if (error instanceof OperatorError) return error
  if (isDefect(error)) return error
  hideSecrets(error)
  const facts = readFacts(error)
  const known = hintFor(facts)
  if (!known && isLost(facts)) return lost(error, facts, attempt)
  // `usage` promises that nothing was touched, which no longer holds when credentials expire midway.
  const kind = known?.kind === 'usage' && attempt.hasChanged ? 'failed' : known?.kind
  return new OperatorError(kind ?? (attempt.hasChanged ? 'failed' : 'refused'), inWords(facts, attempt, !known), {
    hint: known?.hint(attempt, facts) ?? 'npm run status -- --platform aws; --verbose shows more',
    cause: error,
    isLasting: known?.isLasting ?? false,
  })
}

/** The request may have taken effect although no answer arrived. */
function lost(cause: unknown, facts: FailureFacts, attempt: Attempt): OperatorError {
  const problem = inWords(facts, attempt)
  if (!isReading(attempt.command)) {
    return new OperatorError('failed', `${problem}; AWS may still have done it`, {
      hint: 'npm run status -- --platform aws shows the current state; then run it again',
      cause,
    })
  }
  const usual = endpointHint() ?? 'run it again; https://health.aws.amazon.com reports problems at AWS'
  return new OperatorError(attempt.hasChanged ? 'failed' : 'refused', problem, {
    hint: attempt.hasChanged ? 'run it again: it carries on from here' : usual,
    cause,
  })
}

function isLost({ codes, words, status = 0, isUnreadable }: FailureFacts): boolean {
  const isSilent = codes.some((code) => /^(ECONNRESET|EPIPE|E\w*TIMEDOUT|(Request)?Timeout|Silence)/.test(code))
  return isSilent || isUnreadable || status >= 500 || /socket hang up/.test(words)
}

/** `DescribeInstances: Rate exceeded (Throttling), tried 8 times`. */
function inWords(facts: FailureFacts, { command }: Attempt, isUnknown = false): string {
  const { message, code, codes, status = 0, requestId, attempts, isUnreadable } = facts
  const details = [
    status >= 400 && code !== 'Error' && !message.includes(code) && code,
    status >= 500 && `HTTP ${status}`,
    (status >= 500 || isUnknown) && requestId !== undefined && `request ${requestId}`,
  ].filter(Boolean)
  const words = `${isUnreadable ? 'an answer that cannot be read: ' : ''}${message || codes.at(-1)}`
  const tried = attempts > 1 ? `, tried ${attempts} times` : ''
  return `${command && `${command}: `}${words}${details.length > 0 ? ` (${details.join(', ')})` : ''}${tried}`
}

function isDefect(error: unknown): error is Error {
  const isOfTheLanguage = [TypeError, ReferenceError, RangeError].some((Class) => error instanceof Class)
  return isOfTheLanguage && !Object.hasOwn(error as Error, '$metadata')
}

import { OperatorError } from '../../../lib/errors.ts'
import { type FailureFacts, hideSecrets, plainCode, readFacts } from './failure-facts.ts'
import type { Attempt, Explanation, FailureRule } from './failure-rule.ts'
import { accessRules } from './failures-access.ts'
import { launchRules } from './failures-launch.ts'
import { networkRules } from './failures-network.ts'
import { resourceRules } from './failures-resources.ts'

export { capacityReason } from './capacity-reasons.ts'
export { type Attempt, isReading } from './failure-rule.ts'

/** Every class of errors that is explained, in the order in which they are tried. */
export const failureRules: readonly FailureRule[] = [...launchRules, ...accessRules, ...networkRules, ...resourceRules]

/** Whether an error, or what caused it, is one of AWS's with one of these codes; `AlreadyExists` is `AlreadyExistsException`, too. */
export function isAwsError(error: unknown, ...codes: string[]): boolean {
  const own = error instanceof OperatorError ? error.cause : error
  if (!(own instanceof Error)) return false
  const found = readFacts(own).codes.map(plainCode)
  return codes.some((code) => found.includes(plainCode(code)))
}

/** What AWS itself said, without our words around it and without secrets: one line. */
export function awsMessage(error: unknown): string {
  return readFacts(error instanceof OperatorError ? error.cause : error).message
}

/**
 * The failure of a call to AWS in words that an operator can act on; the SDK's error is its cause. An error that is no
 * failure of a call (a TypeError before anything was sent) comes back as it is: a defect of ours.
 */
export function awsFailure(error: unknown, attempt: Attempt): Error {
  if (error instanceof OperatorError) return error
  if (isDefect(error)) return error
  hideSecrets(error)
  const facts = readFacts(error)
  const found = failureRules.find((rule) => isFitting(rule, facts))
  const { problem, hint, kind }: Explanation = found?.explain(facts, attempt) ?? unexplained(facts, attempt)
  // Wrong usage means that nothing was touched, which is no longer so when credentials expire on the way.
  const known = kind === 'usage' && attempt.hasChanged ? 'failed' : kind
  return new OperatorError(known ?? (attempt.hasChanged ? 'failed' : 'refused'), problem, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
    isLasting: found !== undefined && accessRules.includes(found),
  })
}

function isFitting({ codes, says, fits }: FailureRule, facts: FailureFacts): boolean {
  const listed = codes && Object.values(codes).flat().map(plainCode)
  if (listed && !facts.codes.some((code) => listed.includes(plainCode(code)))) return false
  return (says?.test(facts.words) ?? true) && (fits?.(facts) ?? true)
}

function isDefect(error: unknown): error is Error {
  const isOfTheLanguage = [TypeError, ReferenceError, RangeError].some((Class) => error instanceof Class)
  return isOfTheLanguage && !Object.hasOwn(error as Error, '$metadata')
}

function unexplained({ code, message, requestId }: FailureFacts, { command }: Attempt): Explanation {
  const request = requestId === undefined ? '' : ` (request ${requestId})`
  return { problem: `${command}: ${code}: ${message}${request}`, hint: 'the same with --verbose shows more' }
}

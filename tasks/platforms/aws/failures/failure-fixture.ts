import type { Test } from 'tap'
import { type FailureKind, OperatorError } from '../../../lib/errors.ts'
import { awsFailure } from './failures.ts'

/** What the SDK adds to an error. */
interface Told {
  readonly Code?: string
  readonly code?: string
  readonly status?: number
  readonly requestId?: string
  readonly attempts?: number
  readonly isUnreadable?: boolean
}

/** An error as the SDK throws it. */
export function sdkError(name: string, message: string, told: Told = {}): Error {
  const { status, requestId, attempts = 1, isUnreadable, ...codes } = told
  const $metadata = { httpStatusCode: status, requestId, attempts }
  const answered = status === undefined || isUnreadable ? {} : { $fault: status < 500 ? 'client' : 'server' }
  const response = status === undefined ? {} : { $response: {} }
  return Object.assign(new Error(message), { name, $metadata, ...codes, ...answered, ...response })
}

/** A look, the first of a run. */
export const nothingDone = { command: 'DescribeInstances', hasChanged: false }

/** An error, and what an operator reads of it. */
export interface Case {
  readonly error: Error
  readonly kind: FailureKind
  readonly says: string | RegExp
  readonly hint: RegExp
  readonly attempt?: Partial<Parameters<typeof awsFailure>[1]>
}

/** Holds every case to what it says, and all of them to one line without a full stop. */
export function check(t: Test, cases: readonly Case[]): void {
  for (const { error, kind, says, hint, attempt = {} } of cases) {
    const found = awsFailure(error, { ...nothingDone, ...attempt })
    if (!(found instanceof OperatorError)) throw new Error(`no OperatorError of ${error.message}`)
    if (typeof says === 'string') t.equal(found.message, says)
    else t.match(found.message, says)
    t.equal(found.kind, kind, found.message)
    t.match(found.hint, hint, found.message)
    t.equal(found.cause, error, 'the error of the SDK is the cause')
    t.notMatch(found.message, /\n|\.$|undefined/, 'one line, no full stop')
    t.notMatch(found.hint, /\n|undefined/)
  }
}

/** Takes what the environment of the tests themselves may say about AWS away. */
export function withoutAwsEnvironment(): void {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL']) delete process.env[name]
}

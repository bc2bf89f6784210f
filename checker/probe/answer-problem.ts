import type { CheckSettings } from '../options/settings.ts'
import type { Answer } from './connection.ts'
import type { Deadline } from './deadline.ts'
import { describeFailure, type Failure } from './failure.ts'
import { locationOf, shownLocation } from './redirects.ts'

/** Why an answer is not acceptable; undefined when it is. */
export function answerProblem(
  { status, headers }: Answer,
  { followRedirects }: CheckSettings,
  expectStatus = 200,
): string | undefined {
  const location = locationOf(headers)
  const encoding = headers['content-encoding'] || 'identity'
  if (status !== expectStatus && status >= 300 && status < 400 && location !== undefined) {
    const why = followRedirects === 0 ? 'redirects are not followed' : `more redirects than ${followRedirects}`
    return `HTTP ${status} to ${shownLocation(location)}; ${why}`
  }
  if (status !== expectStatus) return `HTTP ${status}${expectStatus === 200 ? '' : `, expected ${expectStatus}`}`
  if (encoding.toLowerCase() !== 'identity')
    return `the answer is compressed (${JSON.stringify(encoding)}), which was not asked for`
  return undefined
}

export function refuse(path: string, problem: string): Failure {
  return { reason: `GET ${path}: ${problem}`, cause: 'service' }
}

/** What went wrong at a path; after the deadline, always a timeout. */
export function failureAt(path: string, error: unknown, deadline: Deadline, timeoutMs: number): Failure {
  if (deadline.isOver) return refuse(path, `no complete answer within ${timeoutMs / 1000} s`)
  const failure = describeFailure(error)
  return { ...failure, reason: `GET ${path}: ${failure.reason}` }
}

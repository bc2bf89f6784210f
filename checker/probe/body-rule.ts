import { runInNewContext } from 'node:vm'
import type { Failure } from './failure.ts'

/** A pattern that backtracks excessively on a service's answer must not delay the other targets. */
const longestMs = 50

/** Why the body breaks its rule; undefined when it matches. Takes at most 50 ms and at most `leftMs`. */
export function bodyFailure(path: string, body: string, rule: RegExp, leftMs: number): Failure | undefined {
  const patienceMs = Math.max(1, Math.floor(Math.min(longestMs, leftMs)))
  try {
    const isMatch = runInNewContext('rule.test(body)', { rule: new RegExp(rule), body }, { timeout: patienceMs })
    return isMatch ? undefined : { reason: `GET ${path}: the answer does not match ${rule}`, cause: 'service' }
  } catch {
    return { reason: `GET ${path}: matching ${rule} takes more than ${patienceMs} ms`, cause: 'checker' }
  }
}

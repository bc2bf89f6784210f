import type { FailureKind } from '../../../lib/errors.ts'
import type { FailureFacts } from './failure-facts.ts'

/** Where an error came from. */
export interface Attempt {
  /** The API action, `DescribeInstances`. */
  readonly command: string
  /** Whether this run has changed anything on AWS yet. */
  readonly hasChanged: boolean
  /** The profile of the credentials, when one was named. */
  readonly profile?: string | undefined
  /** The region that was asked, when one was named. */
  readonly region?: string | undefined
}

/** A failure in words. */
export interface Explanation {
  /** What failed and why: one line, no full stop. */
  readonly problem: string
  /** What to do about it, a command where there is one. */
  readonly hint?: string
  /** Without one it is `refused` as long as this run has changed nothing, and `failed` then. */
  readonly kind?: FailureKind
}

/** How one class of errors is recognised and explained. */
export interface FailureRule {
  /** AWS's codes by the service whose model names them (botocore's name), or by `ec2`, `common`, `unmodelled`, `node`. */
  readonly codes?: Readonly<Record<string, readonly string[]>>
  /** Fits the words of the error; beside codes, both have to fit. */
  readonly says?: RegExp
  readonly fits?: (facts: FailureFacts) => boolean
  explain(facts: FailureFacts, attempt: Attempt): Explanation
}

/** Whether a command only looks. */
export function isReading(command: string): boolean {
  return /^(Describe|Detect|Get|List|Simulate|Validate|Estimate|SendSSHPublicKey|CreateChangeSet|DeleteChangeSet)/.test(
    command,
  )
}

import { OperatorError } from '../../lib/errors.ts'

/** An unusable archive: the message says what is wrong and where, the hint what would be right. Nothing has been changed. */
export function refusal(path: string, fault: string, hint?: string, cause?: unknown): OperatorError {
  return new OperatorError('usage', `${path}: ${fault}`, { hint: hint ?? madeRight, cause })
}

const madeRight =
  'a container archive is what "docker save --output FILE IMAGE" or "skopeo copy ... oci-archive:FILE" writes'

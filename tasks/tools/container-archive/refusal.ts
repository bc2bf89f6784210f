import { OperatorError } from '../../lib/errors.ts'

/** An archive that is of no use: what and where in the message, what would be right in the hint. Nothing has been touched. */
export function refusal(path: string, fault: string, hint?: string, cause?: unknown): OperatorError {
  return new OperatorError('usage', `${path}: ${fault}`, { hint: hint ?? madeRight, cause })
}

const madeRight =
  'a container archive is what "docker save --output FILE IMAGE" or "skopeo copy ... oci-archive:FILE" writes'

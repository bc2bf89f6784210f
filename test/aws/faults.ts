import type { AwsCall } from './aws-protocols.ts'
import type { Fault, FaultOf } from './fault-proxy.ts'

const user = 'arn:aws:sts::123456789012:assumed-role/tester/session'

/** A refusal for lack of a permission, in the words and the code of the service. */
export const denied: FaultOf = ({ service, action, protocol }: AwsCall) => {
  const refusal = `User: ${user} is not authorized to perform: ${service}:${action}`
  const because = `because no identity-based policy allows the ${service}:${action} action`
  if (protocol === 'ec2') {
    const message = `You are not authorized to perform this operation. ${refusal} ${because}. Encoded authorization failure message: ${'x1_-'.repeat(120)}`
    return { answer: 'error', status: 403, code: 'UnauthorizedOperation', message }
  }
  const isJson = protocol === 'json' || protocol === 'cbor'
  const code = isJson ? 'AccessDeniedException' : 'AccessDenied'
  return { answer: 'error', status: isJson ? 400 : 403, code, message: `${refusal} ${because}` }
}

/** Too many requests, in the code of the service; the first `times` times, always when that is left away. */
export function throttled(times?: number): FaultOf {
  return ({ protocol }) => {
    const isJson = protocol === 'json' || protocol === 'cbor'
    const code = protocol === 'ec2' ? 'RequestLimitExceeded' : isJson ? 'ThrottlingException' : 'Throttling'
    const status = protocol === 'ec2' ? 503 : 400
    const message = protocol === 'ec2' ? 'Request limit exceeded.' : 'Rate exceeded'
    return { answer: 'error', status, code, message, ...(times === undefined ? {} : { times }) }
  }
}

/** Credentials of a session that is over. */
export const expired: FaultOf = ({ protocol }) => {
  if (protocol === 'ec2')
    return { answer: 'error', status: 400, code: 'RequestExpired', message: 'Request has expired.' }
  const isJson = protocol === 'json' || protocol === 'cbor'
  const message = 'The security token included in the request is expired'
  return {
    answer: 'error',
    status: isJson ? 400 : 403,
    code: isJson ? 'ExpiredTokenException' : 'ExpiredToken',
    message,
  }
}

/** An access key that nobody knows. */
export const unknownKey: FaultOf = ({ protocol }) => {
  if (protocol === 'ec2') {
    const message = 'AWS was not able to validate the provided access credentials'
    return { answer: 'error', status: 401, code: 'AuthFailure', message }
  }
  const isJson = protocol === 'json' || protocol === 'cbor'
  const code = isJson ? 'UnrecognizedClientException' : 'InvalidClientTokenId'
  return {
    answer: 'error',
    status: isJson ? 400 : 403,
    code,
    message: 'The security token included in the request is invalid.',
  }
}

/** A signature that is minutes old when it arrives. */
export const skewed: FaultOf = ({ protocol }) => ({
  answer: 'error',
  status: protocol === 'json' || protocol === 'cbor' ? 400 : 403,
  code: protocol === 'json' || protocol === 'cbor' ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
  message: 'Signature expired: 20250101T000000Z is now earlier than 20250101T001000Z (20250101T001500Z - 5 min.)',
})

/** AWS is ill. */
export const internalError: Fault = {
  answer: 'error',
  status: 500,
  code: 'InternalError',
  message: 'An internal error has occurred',
}

/** The answers that are none. */
export const silence: Fault = { answer: 'silence' }
export const broken: Fault = { answer: 'broken' }
export const cut: Fault = { answer: 'cut' }
export const reset: Fault = { answer: 'reset' }

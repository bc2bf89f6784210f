import t, { type Test } from 'tap'
import { type FailureKind, OperatorError } from '../../../lib/errors.ts'
import { awsFailure, awsMessage, isAwsError } from './failures.ts'
import type { Attempt } from './hints.ts'

t.beforeEach(() => {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL']) delete process.env[name]
})

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
function sdkError(name: string, message: string, told: Told = {}): Error {
  const { status, requestId, attempts = 1, isUnreadable, ...codes } = told
  const $metadata = { httpStatusCode: status, requestId, attempts }
  const answered = status === undefined || isUnreadable ? {} : { $fault: status < 500 ? 'client' : 'server' }
  const response = status === undefined ? {} : { $response: {} }
  return Object.assign(new Error(message), { name, $metadata, ...codes, ...answered, ...response })
}

const looking: Attempt = { command: 'DescribeInstances', hasChanged: false }
const changing: Attempt = { command: 'UpdateStack', hasChanged: false }
const later: Attempt = { ...looking, hasChanged: true }

type Case = readonly [error: Error, attempt: Attempt, kind: FailureKind, says: string | RegExp, hint: RegExp]

/** Holds every case to what it says, and all of them to one line without a full stop. */
function check(t: Test, cases: readonly Case[]): void {
  for (const [error, attempt, kind, says, hint] of cases) {
    const found = awsFailure(error, attempt)
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

const none = (message: string) => sdkError('CredentialsProviderError', message)
const expired = sdkError('ExpiredToken', 'The security token included in the request is expired', { status: 403 })
const denied = 'User: arn:aws:iam::123456789012:user/ann is not authorized to perform: ssm:GetParameter'

t.test('who asks, where, and when: wrong usage, as long as nothing was done before', async (t) => {
  const profile = { ...looking, profile: 'shop' }
  check(t, [
    [
      none('Could not load credentials from any providers'),
      looking,
      'usage',
      'DescribeInstances: Could not load credentials from any providers',
      /^aws configure .*AWS_PROFILE=/,
    ],
    [
      none('Could not load credentials from any providers'),
      profile,
      'usage',
      /credentials/,
      /^aws configure list-profiles .* shop$/,
    ],
    [
      none('The SSO session associated with this profile has expired.'),
      profile,
      'usage',
      /SSO/,
      /^aws sso login --profile shop$/,
    ],
    [
      none('Failed to load a token, please re-authenticate using aws login'),
      looking,
      'usage',
      /token/,
      /^aws login --profile default$/,
    ],
    [
      none('Profile ops requires multi-factor authentication, but no callback was provided.'),
      looking,
      'usage',
      /ops/,
      /export-credentials/,
    ],
    [expired, later, 'failed', /is expired \(ExpiredToken\)$/, /aws sso login.*AWS_SESSION_TOKEN/],
    [
      sdkError('ExpiredTokenException', 'It is expired', { status: 400 }),
      profile,
      'usage',
      /expired/,
      /login --profile shop/,
    ],
    [
      sdkError('RequestExpired', 'Request has expired.', { status: 400 }),
      looking,
      'usage',
      /expired \(RequestExpired\)/,
      /timedatectl/,
    ],
    ...['InvalidClientTokenId', 'UnrecognizedClientException', 'AuthFailure', 'InvalidSignatureException'].map(
      (name): Case => [
        sdkError(name, 'It is invalid.', { status: 403 }),
        looking,
        'usage',
        `DescribeInstances: It is invalid (${name})`,
        /^aws sts get-caller-identity/,
      ],
    ),
    ...[
      ['RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'],
      [
        'SignatureDoesNotMatch',
        'Signature expired: 20250101T000000Z is now earlier than 20250101T001000Z (… - 5 min.)',
      ],
      ['InvalidSignatureException', 'Signature not yet current: 20250101T001000Z is still later than 20250101T000000Z'],
    ].map(
      ([name = '', words = '']): Case => [
        sdkError(name, words, { status: 403 }),
        looking,
        'usage',
        /\(\w+\)$/,
        /^sudo timedatectl/,
      ],
    ),
    [new Error('Region is missing'), { ...looking, command: '' }, 'usage', 'Region is missing', /AWS_REGION=/],
    [
      new Error('Region not accepted: region="eu central" is not valid.'),
      looking,
      'usage',
      /eu central/,
      /AWS_REGION=/,
    ],
    [
      sdkError('Error', 'getaddrinfo ENOTFOUND ec2.eu-mars-1.amazonaws.com', { code: 'ENOTFOUND' }),
      looking,
      'usage',
      'DescribeInstances: getaddrinfo ENOTFOUND ec2.eu-mars-1.amazonaws.com',
      /^aws ec2 describe-regions/,
    ],
    [
      sdkError('OptInRequired', 'You are not subscribed to this service.', { status: 401 }),
      { ...looking, region: 'me-south-1' },
      'usage',
      /not subscribed/,
      /^aws account enable-region --region-name me-south-1$/,
    ],
  ])
})

t.test('permissions, parameters, quotas and launches', async (t) => {
  const doctor = /^npm run doctor -- --platform aws .*operator role of cloudformation\/access\.yaml/
  const parameter = sdkError('ValidationError', 'Parameter MinSize failed to satisfy constraint: a number.', {
    status: 400,
  })
  check(t, [
    [
      sdkError('UnauthorizedOperation', denied, { status: 403 }),
      looking,
      'refused',
      `DescribeInstances: ${denied} (UnauthorizedOperation)`,
      doctor,
    ],
    [sdkError('AccessDenied', denied, { status: 403 }), later, 'failed', /not authorized/, doctor],
    [
      sdkError('AccessDeniedException', `${denied} with an explicit deny in a policy`, { status: 400 }),
      looking,
      'refused',
      /deny/,
      /explicit deny overrides/,
    ],
    [sdkError('InvalidRequest', denied, { status: 400 }), looking, 'refused', /not authorized/, doctor],
    [
      parameter,
      { ...looking, command: 'CreateChangeSet' },
      'usage',
      /a number \(ValidationError\)$/,
      /^cloudformation\/\*\.yaml/,
    ],
    [
      sdkError('ValidationError', 'Parameters: [A] do not exist in the template', { status: 400 }),
      later,
      'failed',
      /\[A\]/,
      /yaml/,
    ],
    [
      sdkError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.', { status: 400 }),
      later,
      'failed',
      /VPCs/,
      /doctor .*quotas/,
    ],
    [sdkError('TooManyLoadBalancers', 'Too many.', { status: 400 }), looking, 'refused', /Too many/, /quotas/],
    [
      sdkError('VcpuLimitExceeded', 'You have requested more.', { status: 400 }),
      looking,
      'refused',
      /more/,
      /^aws service-quotas request/,
    ],
    [
      sdkError('InvalidAMIID.NotFound', "The image id '[ami-1]' does not exist", { status: 400 }),
      looking,
      'refused',
      /ami-1/,
      /^npm run images/,
    ],
    [
      sdkError('AuthFailure', 'Not authorized for images: [ami-1]', { status: 403 }),
      looking,
      'refused',
      /ami-1/,
      /^npm run images/,
    ],
    [
      sdkError('PendingVerification', 'Your account is being verified.', { status: 400 }),
      looking,
      'refused',
      /verified/,
      /support/,
    ],
  ])
  t.match(awsFailure(sdkError('AccessDenied', denied, { status: 403 }), looking), { isLasting: true })
  t.match(awsFailure(expired, looking), { isLasting: true })
  t.match(awsFailure(parameter, looking), { isLasting: false })
})

t.test('between here and AWS', async (t) => {
  const again = /^run it again/
  const status = /status.*run it again/
  const late = sdkError('TimeoutError', 'no answer in time', { code: 'ETIMEDOUT', attempts: 8 })
  const broken = (name: string, code?: string) =>
    sdkError(name, 'aborted', { ...(code ? { code } : {}), status: 200, isUnreadable: true })
  check(t, [
    ...['Throttling', 'RequestLimitExceeded', 'ThrottlingException', 'TooManyRequestsException', 'SlowDown'].map(
      (name): Case => [
        sdkError(name, 'Rate exceeded', { status: 503, attempts: 8 }),
        changing,
        'refused',
        /Rate exceeded \(\w+, HTTP 503\), tried 8 times$/,
        /in a minute/,
      ],
    ),
    [late, looking, 'refused', 'DescribeInstances: no answer in time, tried 8 times', again],
    [late, later, 'failed', /no answer in time/, /carries on from here/],
    [late, changing, 'failed', 'UpdateStack: no answer in time, tried 8 times; AWS may still have done it', status],
    [sdkError('TimeoutError', 'read ECONNRESET', { code: 'ECONNRESET' }), looking, 'refused', /read ECONNRESET/, again],
    [sdkError('Error', 'socket hang up'), looking, 'refused', 'DescribeInstances: socket hang up', again],
    [broken('Error', 'ECONNRESET'), changing, 'failed', /AWS may still have done it$/, status],
    [broken('SyntaxError'), looking, 'refused', /^DescribeInstances: an answer that cannot be read: aborted$/, again],
    [
      sdkError('InternalError', 'An internal error has occurred', { status: 500, requestId: 'r-1', attempts: 8 }),
      looking,
      'refused',
      'DescribeInstances: An internal error has occurred (InternalError, HTTP 500, request r-1), tried 8 times',
      again,
    ],
    [
      sdkError('Unknown', 'UnknownError', { status: 502 }),
      changing,
      'failed',
      /HTTP 502\); AWS may still have done it/,
      status,
    ],
    [sdkError('AggregateError', '', { code: 'ECONNREFUSED' }), looking, 'refused', /ECONNREFUSED/, /npm run doctor/],
    [
      sdkError('Error', 'self-signed certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      looking,
      'refused',
      /self-signed/,
      /^NODE_EXTRA_CA_CERTS=/,
    ],
    [sdkError('AbortError', 'Request aborted'), looking, 'interrupted', /aborted/, again],
  ])
  process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1'
  const hint = /^unset AWS_ENDPOINT_URL \(it is http:\/\/127\.0\.0\.1:1\)/
  check(t, [
    [
      sdkError('Error', 'connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' }),
      looking,
      'refused',
      /ECONNREFUSED/,
      hint,
    ],
    [
      sdkError('Error', 'getaddrinfo ENOTFOUND moto.example', { code: 'ENOTFOUND' }),
      looking,
      'usage',
      /moto\.example/,
      hint,
    ],
  ])
})

t.test('what is not known keeps its name, its words and the request', async (t) => {
  check(t, [
    [
      sdkError('HealthUnavailable', 'Not\nnow.', { status: 400, requestId: 'r-7' }),
      looking,
      'refused',
      'DescribeInstances: Not now (HealthUnavailable, request r-7)',
      /--verbose/,
    ],
    [
      sdkError('Odd', `${'many words '.repeat(100)}end`, { status: 400 }),
      looking,
      'refused',
      /^DescribeInstances: (many words )+(many )?… \(Odd\)$/,
      /--verbose/,
    ],
  ])
  const own = new OperatorError('refused', 'ours')
  t.equal(awsFailure(own, looking), own, 'what is explained already stays')
  const defect = new TypeError('x is not a function')
  t.equal(awsFailure(defect, looking), defect, 'a defect of ours is none of AWS')
})

t.test('no secret is repeated, in the cause neither', async (t) => {
  const token = `FwoGZXIvYXdzE${'Ab1/+'.repeat(80)}==`
  const message = `Bad. The Canonical String should have been 'POST\n/\nx-amz-security-token:${token}\n' for AKIAIOSFODNN7EXAMPLE`
  for (const name of ['SignatureDoesNotMatch', 'Nobody']) {
    const found = awsFailure(sdkError(name, message, { status: 403 }), looking) as OperatorError
    const cause = found.cause as Error
    for (const text of [found.message, cause.message, cause.stack, awsMessage(found)]) {
      t.notMatch(text, /FwoGZ|IOSFODNN7EXAMPLE/)
    }
  }
})

t.test('codes and words', async (t) => {
  const fault = sdkError('AlreadyExistsFault', 'It is there.', { Code: 'AlreadyExists' })
  t.ok(isAwsError(fault, 'AlreadyExists'))
  t.ok(isAwsError(awsFailure(fault, looking), 'Other', 'AlreadyExistsException'))
  t.notOk(isAwsError(fault, 'Already'))
  t.notOk(isAwsError('AlreadyExists', 'AlreadyExists'))
  t.notOk(isAwsError(new OperatorError('failed', 'without a cause'), 'AlreadyExists'))
  t.equal(awsMessage(awsFailure(fault, looking)), 'It is there')
  t.equal(awsMessage('a text'), 'a text')
})

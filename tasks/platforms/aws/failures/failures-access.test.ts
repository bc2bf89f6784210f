import t from 'tap'
import type { OperatorError } from '../../../lib/errors.ts'
import { type Case, check, nothingDone, sdkError, withoutAwsEnvironment } from './failure-fixture.ts'
import { awsFailure } from './failures.ts'

t.beforeEach(withoutAwsEnvironment)

t.test('credentials: wrong usage, as long as nothing was done before', async (t) => {
  const none = (message: string) => sdkError('CredentialsProviderError', message)
  check(t, [
    {
      error: none('Could not load credentials from any providers'),
      kind: 'usage',
      says: 'no AWS credentials',
      hint: /^aws configure .*AWS_PROFILE=/,
    },
    {
      error: none('Could not load credentials from any providers'),
      kind: 'usage',
      says: 'the AWS profile shop is not there, or holds no credentials',
      hint: /^aws configure list-profiles$/,
      attempt: { profile: 'shop' },
    },
    {
      error: none('Could not resolve credentials using profile: [shop] in configuration/credentials file(s).'),
      kind: 'failed',
      says: 'the AWS profile shop is not there, or holds no credentials',
      hint: /^aws configure list-profiles$/,
      attempt: { hasChanged: true },
    },
    {
      error: none(
        'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
      ),
      kind: 'usage',
      says: 'the login of the AWS profile shop has expired, or there was none',
      hint: /^aws sso login --profile shop$/,
      attempt: { profile: 'shop' },
    },
    {
      error: none('Failed to load a token for session arn:x, please re-authenticate using aws login'),
      kind: 'usage',
      says: /^the login of the AWS profile default has expired/,
      hint: /^aws login --profile default$/,
    },
    {
      error: none('Profile ops requires multi-factor authentication, but no MFA code callback was provided.'),
      kind: 'usage',
      says: /asks for a code of a second factor/,
      hint: /export-credentials/,
    },
    {
      error: sdkError('ExpiredToken', 'The security token included in the request is expired', { status: 403 }),
      kind: 'failed',
      says: 'the AWS credentials have expired',
      hint: /aws sso login/,
      attempt: { hasChanged: true },
    },
    {
      error: sdkError('ExpiredTokenException', 'The security token included in the request is expired', {
        status: 400,
      }),
      kind: 'usage',
      says: 'the AWS credentials have expired',
      hint: /aws sso login --profile ops/,
      attempt: { profile: 'ops' },
    },
    {
      error: sdkError('RequestExpired', 'Request has expired.', { status: 400 }),
      kind: 'usage',
      says: /credentials are, or this computer's clock is off$/,
      hint: /npm run doctor/,
    },
    ...['InvalidClientTokenId', 'UnrecognizedClientException', 'AuthFailure', 'InvalidSignatureException'].map(
      (name): Case => ({
        error: sdkError(name, 'The security token included in the request is invalid.', { status: 403 }),
        kind: 'usage',
        says: `AWS does not accept the credentials in eu-central-1 (${name})`,
        hint: /^aws sts get-caller-identity/,
        attempt: { region: 'eu-central-1' },
      }),
    ),
    {
      error: sdkError('SignatureDoesNotMatch', 'The request signature we calculated does not match.', { status: 403 }),
      kind: 'usage',
      says: 'AWS does not accept the credentials (SignatureDoesNotMatch)',
      hint: /get-caller-identity/,
    },
  ])
  process.env['AWS_SESSION_TOKEN'] = 'x'
  const expired = awsFailure(sdkError('ExpiredToken', 'x', { status: 403 }), nothingDone) as OperatorError
  t.match(expired.hint, /AWS_SESSION_TOKEN in the environment/)
})

t.test('the own clock', async (t) => {
  const off = /^AWS refuses the signature for its time: this computer's clock is off$/
  const hint = /^sudo (timedatectl set-ntp true|sntp )/
  const cases: [name: string, message: string][] = [
    ['RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'],
    ['SignatureDoesNotMatch', 'Signature expired: 20250101T000000Z is now earlier than 20250101T001000Z (… - 5 min.)'],
    ['InvalidSignatureException', 'Signature not yet current: 20250101T001000Z is still later than 20250101T000000Z'],
  ]
  check(
    t,
    cases.map(([name, message]) => ({
      error: sdkError(name, message, { status: 403 }),
      kind: 'usage',
      says: off,
      hint,
    })),
  )
})

t.test('the region', async (t) => {
  check(t, [
    { error: new Error('Region is missing'), kind: 'usage', says: 'no AWS region is configured', hint: /AWS_REGION=/ },
    {
      error: new Error('Region not accepted: region="eu central" is not a valid hostname component.'),
      kind: 'usage',
      says: 'there is no AWS region eu central',
      hint: /AWS_REGION=/,
    },
    {
      error: sdkError('Error', 'getaddrinfo ENOTFOUND ec2.eu-mars-1.amazonaws.com', { code: 'ENOTFOUND' }),
      kind: 'usage',
      says: 'there is no host ec2.eu-mars-1.amazonaws.com: no region eu-mars-1, or no network',
      hint: /^aws ec2 describe-regions/,
    },
    {
      error: sdkError('OptInRequired', 'You are not subscribed to this service.', { status: 401 }),
      kind: 'usage',
      says: /^this account has not enabled the service or the region me-south-1: You are not subscribed/,
      hint: /^aws account enable-region --region-name me-south-1$/,
      attempt: { region: 'me-south-1' },
    },
  ])
})

t.test('permissions: refused as long as nothing was done', async (t) => {
  const user = 'arn:aws:sts::123456789012:assumed-role/dev/alice'
  const ec2 = `You are not authorized to perform this operation. User: ${user} is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:eu-central-1:123456789012:instance/* because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: ${'Ab1_-'.repeat(100)}`
  const hint = /^npm run doctor -- --platform aws .*operator role of cloudformation\/access\.yaml/
  check(t, [
    {
      error: sdkError('UnauthorizedOperation', ec2, { status: 403 }),
      kind: 'refused',
      says: `no permission for ec2:RunInstances on arn:aws:ec2:eu-central-1:123456789012:instance/* as ${user}`,
      hint,
    },
    {
      error: sdkError('AccessDenied', `User: ${user} is not authorized to perform: autoscaling:SetDesiredCapacity`, {
        status: 403,
      }),
      kind: 'failed',
      says: `no permission for autoscaling:SetDesiredCapacity as ${user}`,
      hint,
      attempt: { hasChanged: true },
    },
    {
      error: sdkError(
        'AccessDeniedException',
        `User: ${user} is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:eu-central-1:123456789012:parameter/bakeroll/shop/record with an explicit deny in a service control policy`,
        { status: 400 },
      ),
      kind: 'refused',
      says: /^no permission for ssm:GetParameter on arn:\S+record as \S+, denied by a service control policy$/,
      hint: /explicit deny wins/,
    },
    {
      error: sdkError('UnauthorizedOperation', 'You are not authorized to perform this operation.', { status: 403 }),
      kind: 'refused',
      says: 'no permission for DescribeInstances: You are not authorized to perform this operation',
      hint,
    },
  ])
})

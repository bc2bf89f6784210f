// needs: .venv/moto
import t from 'tap'
import { failureHints, plainCode } from '../../tasks/platforms/aws/failures/hints.ts'
import { modelOf } from './recorded-model.ts'

/**
 * Codes that no model names, and where they stand: EC2's (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html),
 * the common errors of the API references (https://docs.aws.amazon.com/AutoScaling/latest/APIReference/CommonErrors.html), what the SDK
 * itself takes for throttling and for a wrong clock, and Node's and the SDK's own.
 */
const withoutModel = [
  ...['AuthFailure', 'Blocked', 'OptInRequired', 'PendingVerification', 'RequestExpired', 'RequestLimitExceeded'],
  ...[
    'AccessDenied',
    'ExpiredToken',
    'InvalidClientTokenId',
    'InvalidSignature',
    'NotAuthorized',
    'RequestInTheFuture',
  ],
  ...['RequestThrottled', 'RequestTimeTooSkewed', 'SignatureDoesNotMatch', 'SlowDown', 'Throttled', 'Validation'],
  ...['UnauthorizedOperation', 'UnrecognizedClient', 'Throttling', 'TokenRefreshRequired'],
  ...['Abort', 'ABORT_ERR', 'CredentialsProvider', 'TokenProvider'],
]
const ofNode = /^(E[A-Z_]+|[A-Z]+(_[A-Z]+)+)$/
const services = ['autoscaling', 'cloudformation', 'elbv2', 'ssm', 'sts', 'sns', 'logs', 'service-quotas']

t.test('every code with a hint is one that AWS, the SDK or Node can answer', async (t) => {
  const known = new Set((await Promise.all(services.map(codesOf))).flat())
  for (const code of failureHints.flatMap(({ codes = [] }) => codes)) {
    t.ok(known.has(code) || withoutModel.includes(code) || ofNode.test(code), code)
    t.equal(plainCode(code), code, 'without its ending')
  }
})

t.test('no two hints claim one code without asking for words', async (t) => {
  const codes = failureHints.flatMap(({ says, codes = [] }) => (says === undefined ? codes : []))
  t.strictSame(
    codes.filter((code, i) => codes.indexOf(code) !== i),
    [],
  )
})

/** The codes that a service answers, and the names of their shapes, by which the SDK calls its errors. */
async function codesOf(service: string): Promise<string[]> {
  const { shapes } = await modelOf(service)
  const errors = Object.entries(shapes).filter(([, shape]) => 'exception' in shape || shape.error !== undefined)
  return errors.flatMap(([name, { error }]) => [plainCode(name), plainCode(error?.code ?? name)])
}

import t from 'tap'
import { OperatorError } from '../../../lib/errors.ts'
import { check, nothingDone, sdkError, withoutAwsEnvironment } from './failure-fixture.ts'
import { awsFailure, awsMessage, isAwsError } from './failures.ts'

t.beforeEach(withoutAwsEnvironment)

t.test('what is not known keeps its name, its words and the request', async (t) => {
  check(t, [
    {
      error: sdkError('HealthUnavailable', 'Not\nnow.', { status: 400, requestId: 'r-7' }),
      kind: 'refused',
      says: 'DescribeInstances: HealthUnavailable: Not now (request r-7)',
      hint: /--verbose/,
    },
    {
      error: sdkError('Odd', `${'many words '.repeat(100)}end`, { status: 400 }),
      kind: 'refused',
      says: /^DescribeInstances: Odd: (many words )+(many )?…$/,
      hint: /--verbose/,
    },
  ])
  const own = new OperatorError('refused', 'ours')
  t.equal(awsFailure(own, nothingDone), own, 'what is explained already stays')
  const defect = new TypeError('x is not a function')
  t.equal(awsFailure(defect, nothingDone), defect, 'a defect of ours is none of AWS')
})

t.test('no secret is repeated, in the cause neither', async (t) => {
  const token = `FwoGZXIvYXdzE${'Ab1/+'.repeat(80)}==`
  const message = `Bad. The Canonical String should have been 'POST\n/\nx-amz-security-token:${token}\n' for AKIAIOSFODNN7EXAMPLE`
  for (const name of ['SignatureDoesNotMatch', 'Nobody']) {
    const found = awsFailure(sdkError(name, message, { status: 403 }), nothingDone) as OperatorError
    const cause = found.cause as Error
    for (const text of [found.message, cause.message, cause.stack, awsMessage(found)]) {
      t.notMatch(text, /FwoGZ|IOSFODNN7EXAMPLE/)
    }
  }
})

t.test('codes and words', async (t) => {
  const fault = sdkError('AlreadyExistsFault', 'It is there.', { Code: 'AlreadyExists' })
  t.ok(isAwsError(fault, 'AlreadyExists'))
  t.ok(isAwsError(awsFailure(fault, nothingDone), 'Other', 'AlreadyExistsException'))
  t.notOk(isAwsError(fault, 'Already'))
  t.notOk(isAwsError('AlreadyExists', 'AlreadyExists'))
  t.notOk(isAwsError(new OperatorError('failed', 'without a cause'), 'AlreadyExists'))
  t.equal(awsMessage(awsFailure(fault, nothingDone)), 'It is there')
  t.equal(awsMessage('a text'), 'a text')
})

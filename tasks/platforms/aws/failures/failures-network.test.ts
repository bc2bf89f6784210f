import t from 'tap'
import type { OperatorError } from '../../../lib/errors.ts'
import { type Case, check, nothingDone, sdkError, withoutAwsEnvironment } from './failure-fixture.ts'
import { awsFailure } from './failures.ts'

t.beforeEach(withoutAwsEnvironment)

t.test('between here and AWS', async (t) => {
  const lost = /status.*run it again/
  check(t, [
    {
      error: sdkError('Throttling', 'Rate exceeded', { status: 400, attempts: 8 }),
      kind: 'refused',
      says: 'AWS answers DescribeInstances with "too many requests", tried 8 times',
      hint: /again in a minute/,
    },
    ...[
      'RequestLimitExceeded',
      'ThrottlingException',
      'TooManyRequestsException',
      'SlowDown',
      'ThrottledException',
    ].map(
      (name): Case => ({
        error: sdkError(name, 'Rate exceeded', { status: 503, attempts: 8 }),
        kind: 'failed',
        says: /too many requests/,
        hint: /again/,
        attempt: { hasChanged: true },
      }),
    ),
    {
      error: sdkError('TimeoutError', 'a request has exceeded the configured 30000 ms', {
        code: 'ETIMEDOUT',
        attempts: 8,
      }),
      kind: 'refused',
      says: 'DescribeInstances: no answer in time, tried 8 times',
      hint: /again/,
    },
    {
      error: sdkError('TimeoutError', 'a request has exceeded the configured 30000 ms', { code: 'ETIMEDOUT' }),
      kind: 'failed',
      says: 'UpdateStack: no answer in time, tried once; AWS may have done it all the same',
      hint: lost,
      attempt: { command: 'UpdateStack' },
    },
    {
      error: sdkError('TimeoutError', 'read ECONNRESET', { code: 'ECONNRESET', attempts: 2 }),
      kind: 'refused',
      says: 'DescribeInstances: the connection broke, tried 2 times',
      hint: /again/,
    },
    {
      error: sdkError(
        'Error',
        'aborted\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.',
        { code: 'ECONNRESET', status: 200, isUnreadable: true },
      ),
      kind: 'failed',
      says: /^TerminateInstances: the connection broke, tried once; AWS may have done it/,
      hint: lost,
      attempt: { command: 'TerminateInstances' },
    },
    {
      error: sdkError(
        'SyntaxError',
        'Unterminated string in JSON at position 53 (line 1 column 54)\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.',
        { status: 200, isUnreadable: true },
      ),
      kind: 'refused',
      says: "DescribeInstances: an answer that is cut off or none of AWS's (Unterminated string in JSON at position 53 (line 1 column 54))",
      hint: /again/,
    },
    {
      error: sdkError('Error', 'socket hang up', { code: 'ECONNRESET' }),
      kind: 'refused',
      says: /the connection broke/,
      hint: /again/,
    },
    {
      error: sdkError('InternalError', 'An internal error has occurred', {
        status: 500,
        requestId: 'r-1',
        attempts: 8,
      }),
      kind: 'refused',
      says: 'DescribeInstances: AWS failed itself (InternalError, HTTP 500, request r-1), tried 8 times',
      hint: /again/,
    },
    {
      error: sdkError('Unknown', 'UnknownError', { status: 502 }),
      kind: 'failed',
      says: /^UpdateStack: AWS failed itself \(Unknown, HTTP 502\), tried once; AWS may have done it/,
      hint: lost,
      attempt: { command: 'UpdateStack' },
    },
    {
      error: sdkError('AggregateError', '', { code: 'ECONNREFUSED' }),
      kind: 'refused',
      says: /^AWS cannot be reached/,
      hint: /npm run doctor/,
    },
    {
      error: sdkError('Error', 'self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      kind: 'refused',
      says: /cannot be trusted: self-signed certificate/,
      hint: /^NODE_EXTRA_CA_CERTS=/,
    },
  ])
  process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1'
  check(t, [
    {
      error: sdkError('Error', 'connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' }),
      kind: 'refused',
      says: 'AWS cannot be reached: connect ECONNREFUSED 127.0.0.1:1',
      hint: /unset AWS_ENDPOINT_URL \(it is http:\/\/127\.0\.0\.1:1\)/,
    },
    {
      error: sdkError('Error', 'getaddrinfo ENOTFOUND moto.example', { code: 'ENOTFOUND' }),
      kind: 'usage',
      says: 'there is no host moto.example',
      hint: /AWS_ENDPOINT_URL/,
    },
  ])
  const stopped = awsFailure(sdkError('AbortError', 'Request aborted'), nothingDone) as OperatorError
  t.equal(stopped.kind, 'interrupted')
})

import type { FailureFacts } from './failure-facts.ts'
import { type Attempt, type Explanation, type FailureRule, isReading } from './failure-rule.ts'

/** What lies between this computer and AWS, and AWS itself when it is ill. The SDK has tried again before. */
export const networkRules: readonly FailureRule[] = [
  {
    codes: {
      common: ['Throttling', 'ThrottledException', 'RequestThrottled', 'RequestThrottledException', 'SlowDown'],
      ec2: ['RequestLimitExceeded', 'BandwidthLimitExceeded'],
      logs: ['ThrottlingException'],
      'service-quotas': ['TooManyRequestsException'],
    },
    explain: ({ attempts }, { command }) => ({
      problem: `AWS answers ${command} with "too many requests", ${times(attempts)}`,
      hint: 'run it again in a minute; the limit is shared by all that use this account and region',
    }),
  },
  {
    fits: ({ code, codes }) => code === 'AbortError' || codes.includes('ABORT_ERR'),
    explain: (_, { command }) => ({ problem: `${command} was stopped`, kind: 'interrupted' }),
  },
  { codes: { node: ['ENOTFOUND'] }, explain: hostNotFound },
  {
    codes: { node: ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ECONNABORTED'] },
    explain: ({ words }) => ({ problem: `AWS cannot be reached: ${words}`, hint: reachHint() }),
  },
  {
    codes: {
      node: [
        'CERT_HAS_EXPIRED',
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      ],
    },
    explain: ({ message }) => ({
      problem: `the connection to AWS cannot be trusted: ${message}`,
      hint: 'NODE_EXTRA_CA_CERTS=/path/of/its.pem, where a proxy with a certificate of its own stands between',
    }),
  },
  {
    codes: { node: ['ECONNRESET', 'EPIPE'] },
    explain: ({ attempts }, attempt) => lost(`the connection broke, ${times(attempts)}`, attempt),
  },
  {
    fits: ({ code }) => code === 'SilenceError',
    explain: ({ words, attempts }, attempt) =>
      lost(attempts === 0 ? words : `${words}, ${times(attempts)}`, attempt, silenceHint()),
  },
  {
    codes: { node: ['TimeoutError', 'ETIMEDOUT', 'ESOCKETTIMEDOUT'], unmodelled: ['RequestTimeout'] },
    explain: ({ attempts }, attempt) => lost(`no answer in time, ${times(attempts)}`, attempt),
  },
  {
    says: /socket hang up/,
    explain: ({ attempts }, attempt) => lost(`the connection broke, ${times(attempts)}`, attempt),
  },
  {
    fits: ({ isUnreadable }) => isUnreadable,
    explain: (facts, attempt) => lost(`an answer that is cut off or none of AWS's (${facts.message})`, attempt),
  },
  {
    codes: {
      ec2: ['InternalError', 'InternalFailure', 'ServerInternal', 'ServiceUnavailable', 'Unavailable'],
      ssm: ['InternalServerError'],
      common: ['ServiceUnavailableException', 'InternalServiceException'],
    },
    explain: brokenService,
  },
  { fits: ({ status = 0 }) => status >= 500, explain: brokenService },
]

function brokenService({ code, status, attempts, requestId }: FailureFacts, attempt: Attempt): Explanation {
  const request = requestId === undefined ? '' : `, request ${requestId}`
  return lost(
    `AWS failed itself (${[code, status && `HTTP ${status}`].filter(Boolean).join(', ')}${request}), ${times(attempts)}`,
    attempt,
  )
}

/** What was asked may have been done although no answer came back. */
function lost(what: string, { command, hasChanged }: Attempt, readingHint?: string): Explanation {
  if (isReading(command)) {
    const usual = 'run it again; https://health.aws.amazon.com tells of trouble at AWS'
    return {
      problem: `${command}: ${what}`,
      hint: hasChanged ? 'run it again: it carries on from here' : (readingHint ?? usual),
    }
  }
  return {
    problem: `${command}: ${what}; AWS may have done it all the same`,
    hint: 'npm run status -- --platform aws shows what is there; then run it again',
    kind: 'failed',
  }
}

function hostNotFound({ words }: FailureFacts): Explanation {
  const host = /ENOTFOUND (\S+)/.exec(words)?.[1] ?? 'its host'
  const region = /\.([a-z]{2}(?:-[a-z]+)+-\d+)\.(?:amazonaws\.com|api\.aws)/.exec(host)?.[1]
  if (region === undefined) return { problem: `there is no host ${host}`, hint: reachHint(), kind: 'usage' }
  return {
    problem: `there is no host ${host}: no region ${region}, or no network`,
    hint: 'aws ec2 describe-regions --region us-east-1 --query "Regions[].RegionName"',
    kind: 'usage',
  }
}

function reachHint(): string {
  const endpoint = process.env.AWS_ENDPOINT_URL
  return endpoint
    ? `unset AWS_ENDPOINT_URL (it is ${endpoint}), or start what belongs there`
    : 'npm run doctor -- --platform aws'
}

function silenceHint(): string {
  const endpoint = process.env.AWS_ENDPOINT_URL
  return endpoint ? reachHint() : 'look at the network, a proxy or a firewall on the way; then run it again'
}

function times(attempts: number): string {
  return attempts === 1 ? 'tried once' : `tried ${attempts} times`
}

import type { FailureKind } from '../../../lib/errors.ts'
import type { FailureFacts } from './failure-facts.ts'
import { launchHint } from './launch-hints.ts'

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

/** What to do about one class of errors. */
export interface Hint {
  /** Names of errors; AWS's without their ending (plainCode), or Node's. */
  readonly codes?: readonly string[]
  /** Fits the words of the error; beside codes, both have to fit. */
  readonly says?: RegExp
  readonly hint: (attempt: Attempt, facts: FailureFacts) => string
  /** Without one it is `refused` as long as this run has changed nothing, and `failed` then. */
  readonly kind?: FailureKind
  /** Whether trying again cannot help until a person has changed something. */
  readonly isLasting?: true
}

const doctor = 'npm run doctor -- --platform aws'
const login = ({ profile }: Attempt) => `aws sso login --profile ${profile ?? process.env.AWS_PROFILE ?? 'default'}`

/** The command that sets the own clock. */
export const setClock = 'sudo timedatectl set-ntp true'

/** Who asks, where, and at what time: wrong usage, nothing was touched. */
const identity: readonly Hint[] = (
  [
    {
      codes: ['CredentialsProvider', 'TokenProvider'],
      says: /\bsso\b|aws login|TokenRefreshRequired/i,
      hint: (attempt, { words }) => (/aws login/.test(words) ? login(attempt).replace('sso ', '') : login(attempt)),
    },
    {
      codes: ['CredentialsProvider', 'TokenProvider'],
      says: /multi-factor/,
      hint: () => 'eval "$(aws configure export-credentials --format env)"',
    },
    {
      codes: ['CredentialsProvider', 'TokenProvider'],
      // The SDK does not tell that a profile was asked for.
      hint: ({ profile = process.env.AWS_PROFILE }) =>
        profile === undefined
          ? 'aws configure (or aws configure sso), or AWS_PROFILE=NAME for a profile that has some'
          : `aws configure list-profiles shows whether there is a profile ${profile}`,
    },
    {
      codes: ['ExpiredToken', 'TokenRefreshRequired', 'RequestExpired'],
      hint: (attempt) => `${login(attempt)}, or a new AWS_SESSION_TOKEN; when they are new: ${setClock}`,
    },
    {
      codes: ['RequestTimeTooSkewed', 'RequestInTheFuture', 'InvalidSignature', 'SignatureDoesNotMatch'],
      says: /skew|too large|expired|not yet current|in the future|clock/i,
      hint: () => `${setClock}: this computer's clock is off`,
    },
    {
      codes: ['InvalidClientTokenId', 'SignatureDoesNotMatch', 'InvalidSignature', 'UnrecognizedClient', 'AuthFailure'],
      says: /^(?!Not authorized for images)/,
      hint: () =>
        'aws sts get-caller-identity --region us-east-1; when it knows you, the region is wrong or not enabled',
    },
    {
      codes: ['OptInRequired', 'RegionDisabled'],
      hint: ({ region }) => `aws account enable-region --region-name ${region ?? 'REGION'}`,
    },
    { says: /^Region (is missing|not accepted)|^Invalid region/, hint: () => 'export AWS_REGION=eu-central-1' },
  ] satisfies readonly Hint[]
).map((one) => ({ ...one, kind: 'usage', isLasting: true }))

/**
 * The errors that stop a first day, in the order in which they are tried; everything else is shown in AWS's words alone. What lies
 * between this computer and AWS the SDK has tried again before.
 */
export const failureHints: readonly Hint[] = [
  ...identity,
  {
    codes: ['AccessDenied', 'NotAuthorized', 'UnauthorizedOperation', 'Authorization'],
    hint: permissionHint,
    isLasting: true,
  },
  { says: /is not authorized to perform: /, hint: permissionHint, isLasting: true },
  { codes: ['Blocked', 'PendingVerification'], hint: () => 'https://console.aws.amazon.com/support/home' },
  {
    codes: ['Throttling', 'Throttled', 'RequestThrottled', 'SlowDown', 'RequestLimitExceeded', 'TooManyRequests'],
    hint: () => 'run it again in a minute; the limit is shared by all that use this account and region',
  },
  { codes: ['Abort', 'ABORT_ERR'], kind: 'interrupted', hint: () => 'run it again' },
  {
    codes: ['ENOTFOUND'],
    kind: 'usage',
    hint: () => endpointHint() ?? 'aws ec2 describe-regions --region us-east-1: no such region, or no network',
  },
  {
    codes: ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ECONNABORTED'],
    hint: () => endpointHint() ?? doctor,
  },
  {
    codes: [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    hint: () => 'NODE_EXTRA_CA_CERTS=/path/of/its.pem, where a proxy with a certificate of its own stands between',
  },
  {
    codes: ['Validation'],
    says: /^Parameters?:? |^Template (validation )?error/,
    kind: 'usage',
    hint: () =>
      'cloudformation/*.yaml describe the parameters; bakeroll.config.ts or BAKEROLL_AWS_SERVICE_PARAMETERS give them',
  },
]

/** What to do about an error; undefined where nothing better than AWS's words is known. */
export function hintFor(facts: FailureFacts): Hint | undefined {
  const known = failureHints.find(({ codes, says }) => {
    const isOfCode = codes === undefined || facts.codes.some((code) => codes.includes(plainCode(code)))
    return isOfCode && (says?.test(facts.words) ?? true)
  })
  if (known) return known
  const launch = launchHint([...facts.codes, facts.words].join(' '))
  if (launch !== undefined) return { hint: () => launch }
  if (!facts.codes.some((code) => /Limits?Exceeded|QuotaExceeded|^TooMany/.test(code))) return undefined
  return { hint: () => `${doctor} shows the quotas, and how to raise them` }
}

/** Two codes are one when they differ only in what the services call an error: `AlreadyExistsFault`, `AlreadyExistsException`. */
export function plainCode(code: string): string {
  return code.replace(/(Exception|Fault|Error)$/, '')
}

/** What may help where AWS is asked elsewhere than at its own address. */
export function endpointHint(): string | undefined {
  const endpoint = process.env.AWS_ENDPOINT_URL
  return endpoint ? `unset AWS_ENDPOINT_URL (it is ${endpoint}), or start what belongs there` : undefined
}

function permissionHint(_: Attempt, { words }: FailureFacts): string {
  return /explicit deny/.test(words)
    ? 'only who wrote that policy can help: an explicit deny wins over every permission'
    : `${doctor} names all that is missing; the operator role of cloudformation/access.yaml has it`
}

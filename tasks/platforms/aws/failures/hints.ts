import type { FailureKind } from '../../../lib/errors.ts'
import type { FailureFacts } from './failure-facts.ts'
import { launchHint } from './launch-hints.ts'

export interface Attempt {
  /** The API action, such as `DescribeInstances`. */
  readonly command: string
  /** Whether this run has already changed anything on AWS. */
  readonly hasChanged: boolean
  /** The profile, when one was given. */
  readonly profile?: string | undefined
  /** The region, when one was given. */
  readonly region?: string | undefined
}

/** Advice for one class of errors. */
export interface Hint {
  /** Error names: AWS's without their suffix (see plainCode), or Node's. */
  readonly codes?: readonly string[]
  /** Matches the message; with codes, both must match. */
  readonly says?: RegExp
  readonly hint: (attempt: Attempt, facts: FailureFacts) => string
  /** Default: `refused` while this run has changed nothing, then `failed`. */
  readonly kind?: FailureKind
  /** Retrying cannot help until a person has changed something. */
  readonly isLasting?: true
}

const doctor = 'npm run doctor -- --platform aws'
const login = ({ profile }: Attempt) => `aws sso login --profile ${profile ?? process.env.AWS_PROFILE ?? 'default'}`

/** Sets this computer's clock. */
export const setClock = 'sudo timedatectl set-ntp true'

/** Wrong identity, region or clock: usage errors, nothing was touched. */
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
      // The SDK's error does not mention the profile.
      hint: ({ profile = process.env.AWS_PROFILE }) =>
        profile === undefined
          ? 'aws configure (or aws configure sso), or AWS_PROFILE=NAME for a profile with credentials'
          : `aws configure list-profiles shows whether there is a profile ${profile}`,
    },
    {
      codes: ['ExpiredToken', 'TokenRefreshRequired', 'RequestExpired'],
      hint: (attempt) => `${login(attempt)}, or a new AWS_SESSION_TOKEN; if they are new: ${setClock}`,
    },
    {
      codes: ['RequestTimeTooSkewed', 'RequestInTheFuture', 'InvalidSignature', 'SignatureDoesNotMatch'],
      says: /skew|too large|expired|not yet current|in the future|clock/i,
      hint: () => `${setClock}: this computer's clock is off`,
    },
    {
      codes: ['InvalidClientTokenId', 'SignatureDoesNotMatch', 'InvalidSignature', 'UnrecognizedClient', 'AuthFailure'],
      says: /^(?!Not authorized for images)/,
      hint: () => 'aws sts get-caller-identity --region us-east-1; if it knows you, the region is wrong or not enabled',
    },
    {
      codes: ['OptInRequired', 'RegionDisabled'],
      hint: ({ region }) => `aws account enable-region --region-name ${region ?? 'REGION'}`,
    },
    { says: /^Region (is missing|not accepted)|^Invalid region/, hint: () => 'export AWS_REGION=eu-central-1' },
  ] satisfies readonly Hint[]
).map((one) => ({ ...one, kind: 'usage', isLasting: true }))

/**
 * The errors that stop newcomers, in the order in which they are tried; all others are shown in AWS's words alone. The
 * SDK has already retried network errors.
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
    hint: () => 'run it again in a minute; the limit is shared by everybody who uses this account and region',
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
    hint: () => 'NODE_EXTRA_CA_CERTS=/path/to/its.pem, if a proxy with its own certificate is in between',
  },
  {
    codes: ['Validation'],
    says: /^Parameters?:? |^Template (validation )?error/,
    kind: 'usage',
    hint: () =>
      'cloudformation/*.yaml describe the parameters; set them in bakeroll.config.ts or BAKEROLL_AWS_SERVICE_PARAMETERS',
  },
]

/** The hint for an error; undefined when AWS's words are all there is. */
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

/** Services give the same error different suffixes: `AlreadyExistsFault`, `AlreadyExistsException`. */
export function plainCode(code: string): string {
  return code.replace(/(Exception|Fault|Error)$/, '')
}

/** A hint for requests that do not go to AWS's own endpoint. */
export function endpointHint(): string | undefined {
  const endpoint = process.env.AWS_ENDPOINT_URL
  return endpoint ? `unset AWS_ENDPOINT_URL (it is ${endpoint}), or start the server there` : undefined
}

function permissionHint(_: Attempt, { words }: FailureFacts): string {
  return /explicit deny/.test(words)
    ? 'only the author of that policy can help: an explicit deny overrides every permission'
    : `${doctor} lists all missing permissions; the operator role of cloudformation/access.yaml has them`
}

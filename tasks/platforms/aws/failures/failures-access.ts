import type { FailureFacts } from './failure-facts.ts'
import type { Attempt, Explanation, FailureRule } from './failure-rule.ts'

const noCredentials = { node: ['CredentialsProviderError', 'TokenProviderError'] }
const doctor = 'npm run doctor -- --platform aws'

/** Credentials, the region, the own clock, permissions. All but permissions are wrong usage: nothing was touched. */
export const accessRules: readonly FailureRule[] = [
  {
    codes: noCredentials,
    says: /\bsso\b.*(expired|invalid|not found)|(expired|invalid|not found).*\bsso\b|TokenRefreshRequired|aws (sso )?login/i,
    explain: ({ words }, attempt) => ({
      problem: `the login of the AWS profile ${profileOf(attempt)} has expired, or there was none`,
      hint: `aws ${/aws login/.test(words) ? '' : 'sso '}login --profile ${profileOf(attempt)}`,
      kind: 'usage',
    }),
  },
  {
    codes: noCredentials,
    says: /multi-factor authentication/,
    explain: (_, attempt) => ({
      problem: `the AWS profile ${profileOf(attempt)} asks for a code of a second factor, which bakeroll does not know`,
      hint: `eval "$(aws configure export-credentials --profile ${profileOf(attempt)} --format env)"`,
      kind: 'usage',
    }),
  },
  {
    codes: noCredentials,
    says: /using profile: \[|Profile '?\S+?'? (was not found|could not be found)/,
    explain: ({ words }, attempt) => noSuchProfile(profileIn(words) ?? profileOf(attempt)),
  },
  {
    codes: noCredentials,
    explain: noneFound,
  },
  {
    codes: { common: ['ExpiredToken'], sts: ['ExpiredTokenException'], unmodelled: ['TokenRefreshRequired'] },
    explain: (_, attempt) => expired(attempt),
  },
  {
    codes: { ec2: ['RequestExpired'] },
    explain: (_, attempt) => ({
      problem: `AWS calls the request expired: the credentials are, or this computer's clock is off`,
      hint: `aws sso login --profile ${profileOf(attempt)}; for the clock: ${doctor}`,
      kind: 'usage',
    }),
  },
  {
    codes: {
      common: ['RequestTimeTooSkewed', 'RequestInTheFuture', 'InvalidSignatureException', 'SignatureDoesNotMatch'],
    },
    says: /skew|too large|expired|not yet current|in the future|clock/i,
    explain: clockIsOff,
  },
  { codes: { common: ['RequestTimeTooSkewed', 'RequestInTheFuture'] }, explain: clockIsOff },
  {
    codes: { ec2: ['OptInRequired'], sts: ['RegionDisabledException'] },
    explain: ({ message }, { region }) => ({
      problem: `this account has not enabled the service or the region${region ? ` ${region}` : ''}: ${message}`,
      hint: `aws account enable-region --region-name ${region ?? 'REGION'}`,
      kind: 'usage',
    }),
  },
  {
    codes: { ec2: ['Blocked', 'PendingVerification'] },
    explain: ({ message }) => ({
      problem: `AWS has not released the account: ${message}`,
      hint: 'https://console.aws.amazon.com/support/home',
    }),
  },
  {
    codes: {
      common: ['InvalidClientTokenId', 'SignatureDoesNotMatch', 'InvalidSignatureException', 'IncompleteSignature'],
      ec2: ['AuthFailure', 'MissingAuthenticationToken'],
      logs: ['UnrecognizedClientException'],
    },
    explain: ({ code }, { region }) => ({
      problem: `AWS does not accept the credentials${region ? ` in ${region}` : ''} (${code})`,
      hint: 'aws sts get-caller-identity --region us-east-1; when it knows you, the region is wrong or not enabled',
      kind: 'usage',
    }),
  },
  {
    codes: {
      common: ['AccessDenied', 'NotAuthorized'],
      ec2: ['UnauthorizedOperation'],
      ssm: ['AccessDeniedException'],
      sns: ['AuthorizationError'],
    },
    explain: notAllowed,
  },
  { says: /is not authorized to perform: /, explain: notAllowed },
  {
    says: /^Region is missing/,
    explain: () => ({ problem: 'no AWS region is configured', hint: 'export AWS_REGION=eu-central-1', kind: 'usage' }),
  },
  {
    says: /^Region not accepted|^Invalid region in client config/,
    explain: ({ words }) => ({
      problem: `there is no AWS region ${/region="([^"]*)"/.exec(words)?.[1] ?? 'of that name'}`,
      hint: 'export AWS_REGION=eu-central-1',
      kind: 'usage',
    }),
  },
]

/** The chain of providers does not tell that a profile was asked for. */
function noneFound({ message }: FailureFacts, { profile = process.env.AWS_PROFILE }: Attempt): Explanation {
  const isEmpty = /any providers/.test(message)
  if (isEmpty && profile !== undefined) return noSuchProfile(profile)
  return {
    problem: `no AWS credentials${isEmpty ? '' : `: ${message}`}`,
    hint: 'aws configure (or aws configure sso), or AWS_PROFILE=NAME for a profile that has some',
    kind: 'usage',
  }
}

function noSuchProfile(profile: string): Explanation {
  return {
    problem: `the AWS profile ${profile} is not there, or holds no credentials`,
    hint: 'aws configure list-profiles',
    kind: 'usage',
  }
}

function profileOf({ profile }: Attempt): string {
  return profile ?? process.env.AWS_PROFILE ?? 'default'
}

function profileIn(words: string): string | undefined {
  return /profile: \[([^\]]+)\]/.exec(words)?.[1] ?? /Profile '?([^\s']+)/.exec(words)?.[1]
}

function expired(attempt: Attempt): Explanation {
  const isInEnvironment = process.env.AWS_SESSION_TOKEN !== undefined && attempt.profile === undefined
  return {
    problem: 'the AWS credentials have expired',
    hint: isInEnvironment
      ? 'take new ones: AWS_SESSION_TOKEN in the environment belongs to a session that is over'
      : `aws sso login --profile ${profileOf(attempt)}`,
    kind: 'usage',
  }
}

function clockIsOff(): Explanation {
  return {
    problem: "AWS refuses the signature for its time: this computer's clock is off",
    hint: setClock(),
    kind: 'usage',
  }
}

/** The command that sets the own clock. */
export function setClock(): string {
  return 'sudo timedatectl set-ntp true'
}

function notAllowed({ words, message }: FailureFacts, { command }: Attempt): Explanation {
  const [, action, resource] =
    /not authorized to perform:? ([\w-]+:\w+)(?: on resource: (\S+?))?(?=[\s.,]|$)/.exec(words) ?? []
  const who = /User: (\S+)/.exec(words)?.[1]
  const isForbidden = /explicit deny/.exec(words) !== null
  const policy = /explicit deny in an? ([\w -]+? policy)/.exec(words)?.[1]
  const by = isForbidden ? `, denied by ${policy ? `a ${policy}` : 'a policy'}` : ''
  const what = action ? `${action}${resource ? ` on ${resource}` : ''}` : `${command}: ${message}`
  return {
    problem: `no permission for ${what}${who ? ` as ${who}` : ''}${by}`,
    hint: isForbidden
      ? 'only who wrote that policy can help: an explicit deny wins over every permission'
      : `${doctor} names all that is missing; the operator role of cloudformation/access.yaml has it`,
  }
}

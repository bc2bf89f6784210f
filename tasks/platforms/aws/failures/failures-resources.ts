import { stateOf } from '../cloudformation/states.ts'
import { raiseQuota } from './capacity-reasons.ts'
import type { FailureFacts } from './failure-facts.ts'
import type { Attempt, Explanation, FailureRule } from './failure-rule.ts'

const drift = 'npm run status -- --platform aws --drift'
const deploy = 'npm run deploy -- --platform aws'

/** Stacks, groups, quotas and keys that are not as they should be. */
export const resourceRules: readonly FailureRule[] = [
  {
    codes: { cloudformation: ['StackNotFoundException'], common: ['ValidationError'] },
    says: /Stack .*does not exist/,
    explain: ({ words }) => ({
      problem: `the stack ${stackIn(words)} is not there: never deployed, or deleted by hand`,
      hint: deploy,
    }),
  },
  {
    codes: { common: ['ValidationError'], cloudformation: ['InvalidOperationException'] },
    says: /[A-Z]+_[A-Z_]+ state/,
    explain: ({ words }) => stackIsNotReady(stackIn(words), /([A-Z]+_[A-Z_]+) state/.exec(words)?.[1] ?? ''),
  },
  {
    says: /TerminationProtection/,
    explain: ({ words }) => ({
      problem: `the stack ${stackIn(words)} is protected from being deleted`,
      hint: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stackIn(words)}`,
    }),
  },
  {
    codes: { cloudformation: ['InsufficientCapabilitiesException'] },
    explain: ({ message }) => ({
      problem: `the template makes IAM roles or uses macros that this deploy did not announce: ${message}`,
      hint: 'git diff cloudformation/ shows what was changed there',
    }),
  },
  { says: /AutoScalingGroup name not found/, explain: gone },
  {
    codes: {
      elbv2: ['TargetGroupNotFound', 'LoadBalancerNotFound', 'ListenerNotFound', 'RuleNotFound', 'SubnetNotFound'],
      ec2: ['InvalidSubnetID.NotFound', 'InvalidVpcID.NotFound', 'InvalidGroup.NotFound', 'InvalidInstanceID.NotFound'],
      cloudformation: ['ChangeSetNotFound'],
      ssm: ['ParameterNotFound'],
    },
    explain: gone,
  },
  {
    codes: { autoscaling: ['InstanceRefreshInProgress'] },
    explain: () => ({
      problem: 'an Instance Refresh of the group is under way',
      hint: 'aws autoscaling cancel-instance-refresh --auto-scaling-group-name NAME, or wait for its end',
    }),
  },
  {
    codes: {
      autoscaling: ['ScalingActivityInProgress', 'ResourceContention', 'ResourceInUse', 'IdempotentCallInProgress'],
      cloudformation: ['OperationInProgressException', 'InvalidChangeSetStatus', 'StaleRequestException'],
      elbv2: ['PriorRequestNotComplete'],
      ssm: ['TooManyUpdates', 'ConflictException'],
      iam: ['ConcurrentModification'],
      ec2: ['IncorrectState', 'IncorrectInstanceState', 'DependencyViolation'],
    },
    explain: ({ message }, { command }) => ({
      problem: `${command}: another change is under way, or something still needs it: ${message}`,
      hint: 'npm run status -- --platform aws shows what is going on; run it again when it is over',
    }),
  },
  {
    codes: {
      cloudformation: ['AlreadyExistsException', 'TokenAlreadyExistsException'],
      autoscaling: ['AlreadyExists'],
      elbv2: ['DuplicateLoadBalancerName', 'DuplicateTargetGroupName'],
      ssm: ['ParameterAlreadyExists'],
    },
    explain: ({ message }, { command }) => ({
      problem: `${command}: it is there already, made by somebody else or left behind: ${message}`,
      hint: 'npm run status -- --platform aws; --group NAME keeps two groups apart',
    }),
  },
  {
    codes: { ec2: ['VpcLimitExceeded'] },
    explain: ({ message }) => quotaReached('VPCs of the region', message, raiseQuota('vpc', 'L-F678F1CE')),
  },
  {
    codes: { ec2: ['AddressLimitExceeded'] },
    explain: ({ message }) => quotaReached('Elastic IP addresses', message, raiseQuota('ec2', 'L-0263D0A3')),
  },
  {
    codes: { elbv2: ['TooManyLoadBalancers'] },
    explain: ({ message }) =>
      quotaReached('load balancers of the region', message, raiseQuota('elasticloadbalancing', 'L-53DA6B97')),
  },
  {
    fits: ({ codes }) => codes.some((code) => /Limits?Exceeded|QuotaExceeded|^TooMany/.test(code)),
    explain: ({ message, code }) =>
      quotaReached(
        `of the account (${code})`,
        message,
        'aws service-quotas list-service-quotas --service-code SERVICE',
      ),
  },
  {
    fits: ({ codes }) => codes.some((code) => /KMS|^Kms|^InvalidKeyId$/.test(code)),
    explain: ({ message }, { command }) => ({
      problem: `${command}: the KMS key is gone, disabled, or not for these credentials: ${message}`,
      hint: 'aws kms describe-key --key-id KEY; the key of a bake is the setting aws.kmsKey',
    }),
  },
  {
    codes: { elbv2: ['CertificateNotFound'], unmodelled: ['UnsupportedCertificate'] },
    explain: ({ message }) => ({
      problem: `the certificate cannot be used: it is not validated yet, or not in this region: ${message}`,
      hint: 'aws acm describe-certificate --certificate-arn ARN shows the DNS record that validates it',
    }),
  },
  {
    codes: {
      common: ['ValidationError', 'ValidationException', 'MissingParameter', 'InvalidParameterCombination'],
      ec2: ['InvalidParameterValue', 'InvalidParameter', 'UnsupportedOperation', 'Unsupported'],
    },
    explain: ({ message, code }, { command }) => ({
      problem: `${command}: AWS does not accept a value: ${message} (${code})`,
      hint: 'look for it in bakeroll.config.ts, the parameters of the stacks above all',
    }),
  },
]

function stackIn(words: string): string {
  const name = /Stack(?: with id|:)? ?\[?([^\s\]]+)\]?/.exec(words)?.[1] ?? 'NAME'
  return /:stack\/([^/]+)/.exec(name)?.[1] ?? name
}

function stackIsNotReady(stack: string, state: string): Explanation {
  const { words, remedy, condition } = stateOf(state)
  const events = `aws cloudformation describe-stack-events --stack-name ${stack}`
  const hints: Readonly<Record<string, string>> = {
    busy: `${events} shows what is going on; run it again when it is over`,
    ruin: `${deploy} clears it away and makes it anew`,
    unmade: `${deploy} makes it`,
    'half-deleted': 'npm run destroy -- --platform aws tries again and names what is left',
  }
  return {
    problem: `the stack ${stack} ${words} (${state}), so it takes no change now`,
    hint: remedy ? `${remedy(stack)}, once what stopped it is mended` : (hints[condition] ?? events),
  }
}

function gone({ message }: FailureFacts, { command }: Attempt): Explanation {
  return {
    problem: `${command}: what it needs is not there (any more): ${message}`,
    hint: `${drift} shows what was removed by hand; ${deploy} puts it back`,
  }
}

function quotaReached(what: string, message: string, hint: string): Explanation {
  return { problem: `the quota ${what.startsWith('of ') ? '' : 'of '}${what} is reached: ${message}`, hint }
}

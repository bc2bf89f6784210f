export interface LaunchFailure {
  /** AWS's message: one line, no full stop. */
  readonly reason: string
  readonly hint?: string | undefined
}

const otherType = 'BAKEROLL_AWS_SERVICE_PARAMETERS=InstanceType=t3a.small npm run deploy -- --platform aws'

/** The command that requests a higher quota. */
export function raiseQuota(service: string, code: string, value: number | string = 'NUMBER'): string {
  const asked = `--service-code ${service} --quota-code ${code} --desired-value ${value}`
  return `aws service-quotas request-service-quota-increase ${asked}`
}

/** Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs. */
export const vcpuQuota = 'L-1216C47A'
/** All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests, in vCPUs. */
const spotQuota = 'L-34B43A08'

/**
 * Hints for launch failures of Auto Scaling and EC2 that stop newcomers
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html and its neighbours).
 */
const hints: readonly { readonly says: RegExp; readonly hint: string }[] = [
  {
    says: /sufficient .*capacity|Insufficient\w*Capacity|UnfulfillableCapacity/i,
    hint: `run it again later, or with another type: ${otherType}`,
  },
  { says: /Max ?spot ?instance ?count ?exceeded/i, hint: raiseQuota('ec2', spotQuota) },
  {
    says: /vCPU limit|VcpuLimitExceeded|InstanceLimitExceeded|quota allows for|current instance limit/,
    hint: raiseQuota('ec2', vcpuQuota),
  },
  {
    says: /\bami-\w+|InvalidAMIID/i,
    hint: 'npm run images -- --platform aws; images are per region and account: aws.copyRegions and aws.shareAccounts copy and share them at bake time',
  },
  {
    says: /instance type .* is not supported in your requested Availability Zone/,
    hint: `aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=TYPE; another type: ${otherType}`,
  },
  { says: /does not match the architecture/, hint: otherType },
  {
    says: /KMS ?key|Client\.InternalError/i,
    hint: 'allow the role AWSServiceRoleForAutoScaling in the key policy: https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html',
  },
  {
    says: /currently blocked|being validated|pending verification/i,
    hint: 'https://console.aws.amazon.com/support/home',
  },
  { says: /Authentication Failure|Invalid IAM Instance Profile/i, hint: 'run it again in a minute' },
]

export function launchHint(words: string): string | undefined {
  return hints.find(({ says }) => says.test(words))?.hint
}

/** Reads the `StatusMessage` of a failed scaling activity. */
export function launchFailure(statusMessage: string): LaunchFailure {
  const words = statusMessage.replace(/\s+/g, ' ').trim()
  // AWS may truncate the message within its last sentence.
  const own = words.replace(/\.? ?Launchi\w*( (a new )?EC2 instance failed)?\.?$/, '').replace(/\.$/, '')
  return { reason: own === '' ? 'no reason given' : own, hint: launchHint(words) }
}

/** Why nothing could be launched. */
export interface CapacityReason {
  /** One line, no full stop. */
  readonly reason: string
  readonly hint?: string
}

interface Pattern {
  readonly says: RegExp
  reason(found: RegExpExecArray): string
  readonly hint?: string
}

const otherType = 'BAKEROLL_AWS_SERVICE_PARAMETERS=InstanceType=t3a.small npm run deploy -- --platform aws'
const later = `run it again later, or with another type: ${otherType}`

/** The command that asks for more of a quota. */
export function raiseQuota(service: string, code: string, value: number | string = 'NUMBER'): string {
  const asked = `--service-code ${service} --quota-code ${code} --desired-value ${value}`
  return `aws service-quotas request-service-quota-increase ${asked}`
}

/** Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs. */
export const vcpuQuota = 'L-1216C47A'
/** All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests, in vCPUs. */
const spotQuota = 'L-34B43A08'

const imageHint =
  'npm run images -- --platform aws; images are per region and account: aws.copyRegions and aws.shareAccounts of a bake spread them'

/**
 * What Auto Scaling and EC2 say when they cannot launch
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html and
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-ami.html and .../ts-as-capacity.html).
 */
const patterns: readonly Pattern[] = [
  {
    says: /do not have sufficient (\S+) capacity(?:.*?Availability Zone you requested \(([^)]+)\))?(?:.*choosing ([\w, -]+)\.)?/,
    reason: ([, type, zone, others]) =>
      `AWS has no ${type} left${zone ? ` in ${zone}` : ''}${others ? `, but in ${others}` : ''}`,
    hint: later,
  },
  {
    says: /Insufficient\w*Capacity|do not have sufficient capacity|no Spot capacity available/i,
    reason: () => 'AWS has no such instance left in these zones',
    hint: later,
  },
  {
    says: /(?:Max ?spot ?instance ?count ?exceeded)/i,
    reason: () => "the account's quota of Spot instances is used up",
    hint: raiseQuota('ec2', spotQuota),
  },
  {
    says: /vCPU limit of (\d+)/,
    reason: ([, limit]) => `the account's quota of ${limit} vCPUs is used up`,
    hint: raiseQuota('ec2', vcpuQuota),
  },
  {
    says: /quota allows for (\d+) more running instance/,
    reason: ([, more]) => `the account's quota leaves room for ${more} more instances`,
    hint: raiseQuota('ec2', vcpuQuota),
  },
  {
    says: /current instance limit of (\d+)/,
    reason: ([, limit]) => `the account's quota of ${limit} instances of this type is used up`,
    hint: raiseQuota('ec2', vcpuQuota),
  },
  {
    says: /(?:image id|AMI ID)s? '\[?(ami-\w+)[^']*' (?:does|do) not exist/,
    reason: ([, image]) => `the image ${image} is not in this region and account`,
    hint: imageHint,
  },
  {
    says: /Not authorized for images: \[(ami-\w+)/,
    reason: ([, image]) => `the image ${image} belongs to another account, which does not share it`,
    hint: imageHint,
  },
  {
    says: /AMI '?(ami-\w+)'? is (pending|disabled|deregistered|failed)|'(ami-\w+)' is (pending)/,
    reason: ([, image, state, pending]) => `the image ${image ?? pending} is ${state ?? 'pending'}`,
    hint: imageHint,
  },
  {
    says: /instance type \(?([\w.-]+?)\)? is not supported in your requested Availability Zone \(([^)]+)\)/,
    reason: ([, type, zone]) => `there are no ${type} in ${zone}`,
    hint: `aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=TYPE; another type: ${otherType}`,
  },
  {
    says: /requested Availability Zone (\S+) is no longer supported/,
    reason: ([, zone]) => `AWS offers no launches in ${zone} any more`,
    hint: 'npm run destroy -- --platform aws, then deploy: the network is made in zones that there are',
  },
  {
    says: /architecture '(\S+?)' of the specified instance type does not match the architecture '(\S+?)'/,
    reason: ([, type, image]) => `the image is for ${image}, the instance type for ${type}`,
    hint: otherType,
  },
  {
    says: /(?:not enough|insufficient) free addresses.*?(subnet-\w+)|(subnet-\w+).*?(?:not enough|insufficient) free addresses/i,
    reason: ([, one, other]) => `the subnet ${one ?? other} has no free addresses left`,
    hint: 'npm run scale -- --platform aws NUMBER, or a deploy with a larger VpcCidr in aws.networkParameters',
  },
  {
    says: /InvalidKMSKey|KMS key|inaccessible.*key|Client\.InternalError/i,
    reason: () => "the image's disk cannot be decrypted: its KMS key is gone, disabled, or not for Auto Scaling",
    hint: 'allow the role AWSServiceRoleForAutoScaling in the key policy: https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html',
  },
  {
    says: /currently blocked|being validated|pending verification/i,
    reason: () => 'AWS has not released the account for launches',
    hint: 'https://console.aws.amazon.com/support/home',
  },
  {
    says: /Authentication Failure/i,
    reason: () => "IAM does not know Auto Scaling's own role yet, as in the first minutes of an account",
    hint: 'run it again in a minute',
  },
  {
    says: /Invalid IAM Instance Profile/i,
    reason: () => 'the instance profile of the group is gone, or too new for IAM to know',
    hint: 'run it again in a minute; then npm run status -- --platform aws --drift',
  },
  {
    says: /(security group|subnet ID|key pair|launch template[^.]*?) '?([\w-]+)'? does not exist/i,
    reason: ([, what, name]) => `the ${what?.toLowerCase()} ${name} is gone`,
    hint: 'npm run status -- --platform aws --drift shows what was removed by hand; npm run deploy -- --platform aws puts it back',
  },
  {
    says: /(?:Termination Reason|Reason): (\S.*)/,
    reason: ([, why]) => `an instance ended while it started: ${why?.replace(/\.$/, '')}`,
  },
]

/** Why a scaling activity failed, from its `StatusMessage`, and what to do; what is not known is passed on in AWS's words. */
export function capacityReason(statusMessage: string): CapacityReason {
  const words = statusMessage.replace(/\s+/g, ' ').trim()
  for (const { says, reason, hint } of patterns) {
    const found = says.exec(words)
    if (found) return { reason: reason(found), ...(hint === undefined ? {} : { hint }) }
  }
  const own = words
    .replace(/\.? ?Launching (a new )?EC2 instance failed\.?/, '')
    .replace(/^Could not launch \S+ Instances\. /, '')
    .replace(/\.$/, '')
  return { reason: own === '' ? 'it does not say why' : own }
}

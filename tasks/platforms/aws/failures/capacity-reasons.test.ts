import t from 'tap'
import { capacityReason } from './capacity-reasons.ts'

// The messages are those of https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html and the
// pages beside it, with names of our own.
const launching = 'Launching a new EC2 instance. Status Reason: '
const cases: [message: string, reason: string | RegExp, hint: RegExp | undefined][] = [
  [
    'We currently do not have sufficient t3.small capacity in the Availability Zone you requested (eu-central-1a). Our system will be working on provisioning additional capacity. You can currently get t3.small capacity by not specifying an Availability Zone in your request or choosing eu-central-1b, eu-central-1c. Launching EC2 instance failed.',
    'AWS has no t3.small left in eu-central-1a, but in eu-central-1b, eu-central-1c',
    /later.*InstanceType=/,
  ],
  [
    'We currently do not have sufficient t3.small capacity in zones with support for gp3 volumes. Launching EC2 instance failed.',
    'AWS has no t3.small left',
    /later/,
  ],
  [
    'Could not launch Spot Instances. UnfulfillableCapacity - There is no Spot capacity available that matches your request. Launching EC2 instance failed.',
    'AWS has no such instance left in these zones',
    /later/,
  ],
  [
    'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded. Launching EC2 instance failed.',
    "the account's quota of Spot instances is used up",
    /request-service-quota-increase.*L-34B43A08/,
  ],
  [
    'Your quota allows for 0 more running instance(s). You requested at least 1. Launching EC2 instance failed.',
    "the account's quota leaves room for 0 more instances",
    /^aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value /,
  ],
  [
    'You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. Launching EC2 instance failed.',
    "the account's quota of 32 vCPUs is used up",
    /L-1216C47A/,
  ],
  [
    'You have requested more instances (2) than your current instance limit of 1 allows for the specified instance type. Launching EC2 instance failed.',
    "the account's quota of 1 instances of this type is used up",
    /L-1216C47A/,
  ],
  [
    "The image id '[ami-02c7e84c65fcfecee]' does not exist. Launching EC2 instance failed.",
    'the image ami-02c7e84c65fcfecee is not in this region and account',
    /npm run images.*copyRegions.*shareAccounts/,
  ],
  [
    "The AMI ID 'ami-0a1b2c3d' does not exist. Launching EC2 instance failed.",
    'the image ami-0a1b2c3d is not in this region and account',
    /images/,
  ],
  [
    'AMI ami-0a1b2c3d is pending, and cannot be run. Launching EC2 instance failed.',
    'the image ami-0a1b2c3d is pending',
    /images/,
  ],
  [
    'Not authorized for images: [ami-0a1b2c3d]. Launching EC2 instance failed.',
    'the image ami-0a1b2c3d belongs to another account, which does not share it',
    /shareAccounts/,
  ],
  [
    'Your requested instance type (t3.small) is not supported in your requested Availability Zone (us-east-1e). Please retry your request by not specifying an Availability Zone or choosing us-east-1a, us-east-1b. Launching EC2 instance failed.',
    'there are no t3.small in us-east-1e',
    /describe-instance-type-offerings/,
  ],
  [
    'The requested Availability Zone us-east-1e is no longer supported. Please retry your request by not specifying an Availability Zone or choosing us-east-1a. Launching EC2 instance failed.',
    'AWS offers no launches in us-east-1e any more',
    /deploy/,
  ],
  [
    "The architecture 'arm64,arm64_mac' of the specified instance type does not match the architecture 'x86_64' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. Launching EC2 instance failed.",
    'the image is for x86_64, the instance type for arm64,arm64_mac',
    /InstanceType=/,
  ],
  [
    "There are not enough free addresses in subnet 'subnet-0a1b2c' to satisfy the requested number of instances. Launching EC2 instance failed.",
    'the subnet subnet-0a1b2c has no free addresses left',
    /VpcCidr/,
  ],
  [
    'Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
    /KMS key is gone, disabled, or not for Auto Scaling/,
    /AWSServiceRoleForAutoScaling/,
  ],
  [
    'Client.InternalError: Client error on launch.',
    /KMS key is gone, disabled, or not for Auto Scaling/,
    /AWSServiceRoleForAutoScaling/,
  ],
  [
    'This account is currently blocked and not recognized as a valid account. Please contact AWS Support if you have questions. Launching EC2 instance failed.',
    'AWS has not released the account for launches',
    /support/,
  ],
  ['Authentication Failure. Launching EC2 instance failed.', /Auto Scaling's own role/, /again in a minute/],
  [
    'Invalid IAM Instance Profile name. Launching EC2 instance failed.',
    /instance profile of the group is gone/,
    /--drift/,
  ],
  [
    "The security group 'sg-0a1b2c' does not exist. Launching EC2 instance failed.",
    'the security group sg-0a1b2c is gone',
    /--drift/,
  ],
  [
    "The subnet ID 'subnet-0a1b2c' does not exist. Launching EC2 instance failed.",
    'the subnet id subnet-0a1b2c is gone',
    /deploy/,
  ],
  [
    'Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.UserInitiatedShutdown: User initiated shutdown',
    'an instance ended while it started: Client.UserInitiatedShutdown: User initiated shutdown',
    undefined,
  ],
  [
    'Could not launch On-Demand Instances. InvalidParameterCombination - Nobody has seen this one. Launching EC2 instance failed.',
    'InvalidParameterCombination - Nobody has seen this one',
    undefined,
  ],
  ['', 'it does not say why', undefined],
]

t.test('why nothing could be launched, and what to do', async (t) => {
  for (const [message, expected, hint] of cases) {
    for (const words of [message, message && `${launching}${message}`].slice(
      0,
      expected instanceof RegExp || hint ? 2 : 1,
    )) {
      const found = capacityReason(words)
      if (typeof expected === 'string') t.equal(found.reason, expected, words)
      else t.match(found.reason, expected, words)
      if (hint) t.match(found.hint, hint, words)
      else t.equal(found.hint, undefined, words)
      t.notMatch(found.reason, /\n|\.$/, 'one line, no full stop')
    }
  }
})

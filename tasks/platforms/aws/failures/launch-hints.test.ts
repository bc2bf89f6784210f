import t from 'tap'
import { launchFailure } from './launch-hints.ts'

// The messages are those of https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html and the
// pages beside it, with names of our own.
const cases: [message: string, hint: RegExp | undefined][] = [
  [
    'We currently do not have sufficient t3.small capacity in the Availability Zone you requested (eu-central-1a)',
    /later.*InstanceType=/,
  ],
  [
    'Could not launch Spot Instances. UnfulfillableCapacity - There is no Spot capacity available that matches your request',
    /later/,
  ],
  [
    'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded',
    /request-service-quota-increase.*L-34B43A08/,
  ],
  [
    'Your quota allows for 0 more running instance(s). You requested at least 1',
    /^aws service-quotas .* --quota-code L-1216C47A --desired-value /,
  ],
  [
    'You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket',
    /L-1216C47A/,
  ],
  ["The image id '[ami-02c7e84c65fcfecee]' does not exist", /npm run images.*copyRegions.*shareAccounts/],
  ['AMI ami-0a1b2c3d is pending, and cannot be run', /images/],
  ['Not authorized for images: [ami-0a1b2c3d]', /shareAccounts/],
  [
    'Your requested instance type (t3.small) is not supported in your requested Availability Zone (us-east-1e)',
    /describe-instance-type-offerings/,
  ],
  [
    "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI",
    /InstanceType=/,
  ],
  [
    'Instance became unhealthy. Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key is in an incorrect state',
    /AWSServiceRoleForAutoScaling/,
  ],
  ['Client.InternalError: Client error on launch', /AWSServiceRoleForAutoScaling/],
  ['This account is currently blocked and not recognized as a valid account', /support/],
  ['Authentication Failure', /again in a minute/],
  ['Invalid IAM Instance Profile name', /again in a minute/],
  ["The security group 'sg-0a1b2c' does not exist", undefined],
  ['InvalidParameterCombination - Nobody has seen this one', undefined],
]

t.test("AWS's words, and what to do about those that stop a first day", async (t) => {
  for (const [words, hint] of cases) {
    for (const message of [
      words,
      `${words}. Launching EC2 instance failed.`,
      `${words}.  Launching a new EC2 instance failed`,
    ]) {
      const found = launchFailure(message)
      t.equal(found.reason, words)
      if (hint) t.match(found.hint, hint, words)
      else t.equal(found.hint, undefined, words)
    }
  }
  t.same(launchFailure(''), { reason: 'no reason given', hint: undefined })
})

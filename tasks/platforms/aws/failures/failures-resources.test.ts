import t from 'tap'
import { check, sdkError, withoutAwsEnvironment } from './failure-fixture.ts'

t.beforeEach(withoutAwsEnvironment)

t.test('capacity, quotas, images', async (t) => {
  check(t, [
    {
      error: sdkError(
        'InsufficientInstanceCapacity',
        'We currently do not have sufficient t3.small capacity in the Availability Zone you requested (eu-central-1a).',
        { status: 500, attempts: 8 },
      ),
      kind: 'refused',
      says: 'RunInstances: AWS has no t3.small left in eu-central-1a',
      hint: /later/,
      attempt: { command: 'RunInstances' },
    },
    {
      error: sdkError('VcpuLimitExceeded', 'New words that nobody knows.', { status: 400 }),
      kind: 'refused',
      says: 'DescribeInstances: New words that nobody knows',
      hint: /L-1216C47A/,
    },
    {
      error: sdkError('InvalidAMIID.NotFound', "The image id '[ami-0a1b2c3d]' does not exist", { status: 400 }),
      kind: 'refused',
      says: 'DescribeImages: the image ami-0a1b2c3d is not in this region and account',
      hint: /per region and account.*copyRegions.*shareAccounts/,
      attempt: { command: 'DescribeImages' },
    },
    {
      error: sdkError('InvalidAMIID.Malformed', 'Invalid id: "x" (expecting "ami-...")', { status: 400 }),
      kind: 'refused',
      says: 'DescribeInstances: Invalid id: "x" (expecting "ami-...")',
      hint: /npm run images/,
    },
    {
      error: sdkError('AuthFailure', 'Not authorized for images: [ami-0a1b2c3d]', { status: 403 }),
      kind: 'refused',
      says: /belongs to another account/,
      hint: /shareAccounts/,
    },
    {
      error: sdkError(
        'Unsupported',
        'Your requested instance type (t3.small) is not supported in your requested Availability Zone (us-east-1e). Please retry.',
        { status: 400 },
      ),
      kind: 'refused',
      says: 'DescribeInstances: there are no t3.small in us-east-1e',
      hint: /describe-instance-type-offerings/,
    },
    {
      error: sdkError('InsufficientFreeAddressesInSubnet', 'x', { status: 400 }),
      kind: 'refused',
      says: 'DescribeInstances: x',
      hint: /VpcCidr/,
    },
    {
      error: sdkError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.', { status: 400 }),
      kind: 'refused',
      says: 'the quota of VPCs of the region is reached: The maximum number of VPCs has been reached',
      hint: /--service-code vpc --quota-code L-F678F1CE/,
    },
    {
      error: sdkError('TooManyLoadBalancersException', 'x', { Code: 'TooManyLoadBalancers', status: 400 }),
      kind: 'refused',
      says: /load balancers of the region/,
      hint: /L-53DA6B97/,
    },
    {
      error: sdkError('LimitExceededFault', 'AutoScalingGroup limit exceeded', { Code: 'LimitExceeded', status: 400 }),
      kind: 'failed',
      says: 'the quota of the account (LimitExceededFault) is reached: AutoScalingGroup limit exceeded',
      hint: /list-service-quotas/,
      attempt: { hasChanged: true },
    },
    {
      error: sdkError('KMSInvalidStateException', 'The key is pending deletion.', { status: 400 }),
      kind: 'refused',
      says: /the KMS key is gone, disabled/,
      hint: /aws\.kmsKey/,
    },
  ])
})

t.test('stacks and groups', async (t) => {
  const stack = 'Stack:arn:aws:cloudformation:eu-central-1:123456789012:stack/bakeroll-shop-service/0a1b'
  const validation = (message: string) => sdkError('ValidationError', message, { Code: 'ValidationError', status: 400 })
  check(t, [
    {
      error: validation('Stack with id bakeroll-shop-service does not exist'),
      kind: 'refused',
      says: 'the stack bakeroll-shop-service is not there: never deployed, or deleted by hand',
      hint: /^npm run deploy/,
    },
    {
      error: validation(`${stack} is in UPDATE_IN_PROGRESS state and can not be updated.`),
      kind: 'refused',
      says: 'the stack bakeroll-shop-service is being updated (UPDATE_IN_PROGRESS), so it takes no change now',
      hint: /describe-stack-events --stack-name bakeroll-shop-service shows/,
    },
    {
      error: validation(`${stack} is in ROLLBACK_COMPLETE state and can not be updated.`),
      kind: 'refused',
      says: /could not be created.*\(ROLLBACK_COMPLETE\)/,
      hint: /^npm run deploy -- --platform aws clears it away/,
    },
    {
      error: validation(`${stack} is in UPDATE_ROLLBACK_FAILED state and can not be updated.`),
      kind: 'refused',
      says: /UPDATE_ROLLBACK_FAILED/,
      hint: /^aws cloudformation continue-update-rollback --stack-name bakeroll-shop-service/,
    },
    {
      error: validation('Stack [bakeroll-shop-network] cannot be deleted while TerminationProtection is enabled'),
      kind: 'refused',
      says: 'the stack bakeroll-shop-network is protected from being deleted',
      hint: /--no-enable-termination-protection --stack-name bakeroll-shop-network$/,
    },
    {
      error: sdkError('InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_NAMED_IAM]', {
        status: 400,
      }),
      kind: 'refused',
      says: /CAPABILITY_NAMED_IAM/,
      hint: /cloudformation\//,
    },
    {
      error: sdkError('AlreadyExistsException', 'Stack [bakeroll-shop-network] already exists', { status: 400 }),
      kind: 'refused',
      says: /it is there already, .*already exists$/,
      hint: /npm run status/,
    },
    {
      error: validation('AutoScalingGroup name not found - null'),
      kind: 'refused',
      says: /what it needs is not there/,
      hint: /--drift.*deploy/,
    },
    {
      error: sdkError('TargetGroupNotFoundException', 'One or more target groups not found', {
        Code: 'TargetGroupNotFound',
        status: 400,
      }),
      kind: 'failed',
      says: /what it needs is not there/,
      hint: /--drift/,
      attempt: { hasChanged: true },
    },
    {
      error: sdkError('ScalingActivityInProgressFault', 'Scaling activity 0a is in progress', {
        Code: 'ScalingActivityInProgress',
        status: 400,
      }),
      kind: 'refused',
      says: /another change is under way/,
      hint: /run it again/,
    },
    {
      error: sdkError('InstanceRefreshInProgressFault', 'x', { Code: 'InstanceRefreshInProgress', status: 400 }),
      kind: 'refused',
      says: 'an Instance Refresh of the group is under way',
      hint: /cancel-instance-refresh/,
    },
    {
      error: sdkError(
        'UnsupportedCertificate',
        "The certificate 'arn:aws:acm:x' must have a fully-qualified domain name, a supported signature, and a supported key size.",
        { status: 400 },
      ),
      kind: 'refused',
      says: /not validated yet/,
      hint: /^aws acm describe-certificate/,
    },
    {
      error: sdkError('InvalidParameterValue', 'Invalid value for iops', { status: 400 }),
      kind: 'refused',
      says: 'DescribeInstances: AWS does not accept a value: Invalid value for iops (InvalidParameterValue)',
      hint: /bakeroll\.config\.ts/,
    },
  ])
})

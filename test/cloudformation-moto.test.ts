// needs: .venv/moto
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import {
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2'
import { DescribeListenersCommand, DescribeLoadBalancersCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { GetRoleCommand, IAMClient, ListRolesCommand, UploadServerCertificateCommand } from '@aws-sdk/client-iam'
import t from 'tap'
import { openAws } from '../tasks/platforms/aws/clients.ts'
import { isAwsError } from '../tasks/platforms/aws/failures/failures.ts'
import { registerImage } from './aws/image.ts'
import { startMoto } from './aws/moto.ts'
import { readTemplate, type TemplateName } from './cloudformation-template.ts'

/** What moto's CloudFormation cannot make (scaling policies, alarms, guard) it skips; cfn-lint judges that part. */
const moto = await startMoto()
Object.assign(process.env, moto.env)
t.teardown(moto.stop)
const aws = openAws({ region: undefined, profile: undefined })
const iam = aws.open(IAMClient)
const images = [await registerImage(aws, '1.0.0'), await registerImage(aws, '1.1.0')] as const

type Values = Readonly<Record<string, string>>

const stackOf = (name: TemplateName, group = 'timeapp') =>
  name === 'access' ? 'bakeroll-access' : `bakeroll-${group}-${name}`

/** Makes a stack and gives its outputs. moto takes only parameters that it is given for previous ones, so all are given. */
async function create(name: TemplateName, given: Values, group = 'timeapp'): Promise<Values> {
  const { body, Parameters } = await readTemplate(name)
  const defaults = Object.entries(Parameters).flatMap(([key, { Default }]) =>
    Default === undefined ? [] : [[key, String(Default)]],
  )
  const values: Values = { ...Object.fromEntries(defaults), ...(name === 'access' ? {} : { Group: group }), ...given }
  const StackName = stackOf(name, group)
  await aws.cloudFormation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: body,
      Parameters: Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Tags: [{ Key: 'bakeroll:group', Value: group }],
    }),
  )
  return outputs(StackName)
}

async function describe(StackName: string) {
  return (await aws.cloudFormation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]
}

async function outputs(StackName: string): Promise<Values> {
  const { Outputs = [] } = (await describe(StackName)) ?? {}
  return Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
}

async function remove(name: TemplateName, group = 'timeapp'): Promise<void> {
  await aws.cloudFormation.send(new DeleteStackCommand({ StackName: stackOf(name, group) }))
}

async function autoScalingGroups() {
  return (await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups ?? []
}

async function securityGroups(vpcId: string) {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }]
  const { SecurityGroups = [] } = await aws.ec2.send(new DescribeSecurityGroupsCommand({ Filters }))
  return new Map(SecurityGroups.map((one) => [one.Tags?.find(({ Key }) => Key === 'Name')?.Value, one]))
}

async function subnets(vpcId: string) {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }]
  return (await aws.ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets ?? []
}

/** What a service stack takes from a network stack. */
function fromNetwork({ InstanceConnectEndpointId: _, ...network }: Values): Values {
  return { ...network, ImageId: images[0] }
}

const network = await create('network', { ZoneCount: '3', Https: 'true', FlowLogs: 'all', S3Endpoint: 'true' })
const { VpcId: vpc = '' } = network

t.test('a new network of three zones', async (t) => {
  t.match(network, { VpcId: /^vpc-/, LoadBalancerSecurityGroupId: /^sg-/, InstanceSecurityGroupId: /^sg-/ })
  const all = await subnets(vpc)
  t.strictSame(all.map(({ CidrBlock }) => CidrBlock).sort(), [
    '10.80.0.0/24',
    '10.80.1.0/24',
    '10.80.16.0/20',
    '10.80.2.0/24',
    '10.80.32.0/20',
    '10.80.48.0/20',
  ])
  const zonesOf = (ids = '') =>
    all
      .filter(({ SubnetId = '' }) => ids.split(',').includes(SubnetId))
      .map(({ AvailabilityZone = '' }) => AvailabilityZone)
  t.equal(new Set(zonesOf(network['PublicSubnetIds'])).size, 3)
  t.equal(new Set(zonesOf(network['PrivateSubnetIds'])).size, 3)
  const { RouteTables = [] } = await aws.ec2.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  )
  const gateways = RouteTables.map(({ Routes = [] }) => Routes.map(({ GatewayId }) => GatewayId?.replace(/-.*/, '-')))
  t.strictSame(gateways.sort(), [['local'], ['local', 'igw-'], ['local', 'vpce-']], "the VPC's own, public, private")
})

t.test('who reaches whom', async (t) => {
  const groups = await securityGroups(vpc)
  const ingress = (name: string) =>
    (groups.get(`bakeroll-timeapp-${name}`)?.IpPermissions ?? [])
      .map(({ FromPort, IpRanges, UserIdGroupPairs }) => [
        FromPort,
        ...(IpRanges ?? []).map(({ CidrIp }) => CidrIp),
        ...(UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
      ])
      .sort()
  t.strictSame(ingress('load-balancer'), [
    [443, '0.0.0.0/0'],
    [80, '0.0.0.0/0'],
  ])
  t.strictSame(ingress('instance'), [
    [22, groups.get('bakeroll-timeapp-endpoint')?.GroupId],
    [80, network['LoadBalancerSecurityGroupId']],
  ])
  t.strictSame(ingress('endpoint'), [])
})

t.test('an existing network gets security groups and goes back to what it was', async (t) => {
  const before = (await securityGroups(vpc)).size
  const given = await create(
    'network',
    {
      ExistingVpcId: vpc,
      ExistingPublicSubnetIds: network['PublicSubnetIds'] ?? '',
      ExistingPrivateSubnetIds: network['PrivateSubnetIds'] ?? '',
    },
    'guest',
  )
  t.match(given, {
    VpcId: vpc,
    PublicSubnetIds: network['PublicSubnetIds'],
    PrivateSubnetIds: network['PrivateSubnetIds'],
  })
  t.not(given['InstanceSecurityGroupId'], network['InstanceSecurityGroupId'])
  t.equal((await securityGroups(vpc)).size, before + 3)
  t.equal((await subnets(vpc)).length, 6)
  await remove('network', 'guest')
  t.equal((await securityGroups(vpc)).size, before)
})

t.test('a service; a changed image makes a version of the launch template and leaves the group alone', async (t) => {
  const service = await create('service', { ...fromNetwork(network), MinSize: '2', MaxSize: '4' })
  t.match(service, {
    Url: `http://${service['LoadBalancerDnsName']}`,
    LoadBalancerArn: /:loadbalancer\/app\//,
    TargetGroupArn: /:targetgroup\//,
    AutoScalingGroupName: /^bakeroll-timeapp-service-/,
    LaunchTemplateId: /^lt-/,
    AlarmTopicArn: /:bakeroll-timeapp-service-/,
  })
  const [before] = await autoScalingGroups()
  t.match(before, { MinSize: 2, MaxSize: 4, HealthCheckType: 'ELB', LaunchTemplate: { Version: '$Latest' } })
  const ids = before?.Instances?.map(({ InstanceId = '' }) => InstanceId) ?? []
  t.equal(ids.length, 2)
  const { Reservations = [] } = await aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }))
  for (const { ImageId, PublicIpAddress, SubnetId = '', Tags } of Reservations.flatMap(
    ({ Instances = [] }) => Instances,
  )) {
    t.equal(ImageId, images[0])
    t.equal(PublicIpAddress, undefined)
    t.ok(network['PrivateSubnetIds']?.includes(SubnetId))
    t.ok(Tags?.some(({ Key, Value }) => Key === 'bakeroll:group' && Value === 'timeapp'))
  }
  const StackName = stackOf('service')
  const { Parameters = [] } = (await describe(StackName)) ?? {}
  await aws.cloudFormation.send(
    new UpdateStackCommand({
      StackName,
      UsePreviousTemplate: true,
      Parameters: Parameters.map(({ ParameterKey }) =>
        ParameterKey === 'ImageId'
          ? { ParameterKey, ParameterValue: images[1] }
          : { ParameterKey, UsePreviousValue: true },
      ),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    }),
  )
  const [after] = await autoScalingGroups()
  t.strictSame(after, before)
  const { LaunchTemplateVersions = [] } = await aws.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: service['LaunchTemplateId'] }),
  )
  t.match(
    LaunchTemplateVersions.map(({ VersionNumber, LaunchTemplateData }) => [VersionNumber, LaunchTemplateData?.ImageId]),
    [
      [1, images[0]],
      [2, images[1]],
    ],
  )
  t.strictSame(await outputs(StackName), service)

  await create('guard', { LoadBalancerArn: service['LoadBalancerArn'] ?? '' })
  t.match(await outputs(stackOf('guard')), { TrailBucketName: /^bakeroll-timeapp-guard-/ })
  await remove('guard')

  await remove('service')
  t.strictSame(await autoScalingGroups(), [])
  t.strictSame((await aws.elb.send(new DescribeLoadBalancersCommand({}))).LoadBalancers, [])
  t.strictSame((await aws.ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates, [])
})

t.test('further instance types and spot instances', async (t) => {
  await create('service', { ...fromNetwork(network), InstanceTypes: 't3a.small,t2.small', OnDemandPercentage: '50' })
  const [group] = await autoScalingGroups()
  t.match(group?.MixedInstancesPolicy, {
    InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 50 },
    LaunchTemplate: {
      LaunchTemplateSpecification: { Version: '$Latest' },
      Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }, { InstanceType: 't2.small' }],
    },
  })
  t.equal(group?.MixedInstancesPolicy?.LaunchTemplate?.Overrides?.length, 3)
  await remove('service')
})

t.test('with a certificate, HTTP leads to HTTPS', async (t) => {
  const pem = 'of no use but to moto'
  const { ServerCertificateMetadata: certificate } = await iam.send(
    new UploadServerCertificateCommand({ ServerCertificateName: 'time', CertificateBody: pem, PrivateKey: pem }),
  )
  const service = await create('service', {
    ...fromNetwork(network),
    DomainName: 'time.example.org',
    CertificateArn: certificate?.Arn ?? '',
  })
  t.equal(service['Url'], 'https://time.example.org')
  const { Listeners = [] } = await aws.elb.send(
    new DescribeListenersCommand({ LoadBalancerArn: service['LoadBalancerArn'] }),
  )
  const byPort = new Map(Listeners.map((one) => [one.Port, one]))
  t.match(byPort.get(80)?.DefaultActions, [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443' } }])
  t.match(byPort.get(443), {
    Protocol: 'HTTPS',
    SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    DefaultActions: [{ Type: 'forward', TargetGroupArn: service['TargetGroupArn'] }],
  })
  await remove('service')
})

t.test('roles of an operator and a reviewer', async (t) => {
  const access = await create('access', { PrincipalArn: 'arn:aws:iam::123456789012:root' })
  const { OperatorRoleArn: operator = '', ReviewerRoleArn: reviewer = '' } = access
  for (const arn of [operator, reviewer]) t.match(arn, /:role\/bakeroll-access\/bakeroll-access-/)
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: operator.split('/').at(-1) ?? '' }))
  t.match(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')), {
    Statement: [
      {
        Principal: { AWS: 'arn:aws:iam::123456789012:root' },
        Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
      },
    ],
  })
  await remove('access')
  const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/bakeroll-access/' }))
  t.strictSame(Roles, [])
})

t.test('the network goes', async (t) => {
  // moto leaves a stack's route tables, and a VPC does not go before them.
  await remove('network').catch((error) => t.ok(isAwsError(error, 'DependencyViolation')))
  t.strictSame(await subnets(vpc), [])
  t.strictSame([...(await securityGroups(vpc)).keys()], [undefined], 'but the one that every VPC has')
  t.equal(await describe(stackOf('network')).catch(() => 'gone'), 'gone')
})

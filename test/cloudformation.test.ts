import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import { readTemplate, resourcesOf, type Template, templateNames, type Value } from './cloudformation-template.ts'

const templates = new Map(
  await Promise.all(templateNames.map(async (name) => [name, await readTemplate(name)] as const)),
)

const reference = await readFile(new URL('../docs/reference.md', import.meta.url), 'utf8')

function template(name: (typeof templateNames)[number]): Template {
  const found = templates.get(name)
  if (found === undefined) throw new Error(`no template ${name}`)
  return found
}

/** Both branches of every Fn::If, or the value itself. */
function branches(value: Value): Value[] {
  if (Array.isArray(value)) return value.flatMap(branches)
  const choice = value?.['Fn::If']
  if (choice !== undefined) return [choice[1], choice[2]].flatMap(branches)
  return value?.Ref === 'AWS::NoValue' ? [] : [value]
}

for (const [name, { body, Metadata, Parameters }] of templates) {
  test(`${name}: parameters are grouped, labelled, described and constrained; the template is small enough to be sent`, async (t) => {
    t.ok(Buffer.byteLength(body) <= 51_200, 'the largest body that the API takes')
    const { ParameterGroups, ParameterLabels } = Metadata['AWS::CloudFormation::Interface']
    const grouped = ParameterGroups.flatMap((group: Value) => group.Parameters)
    t.strictSame([...grouped].sort(), Object.keys(Parameters).sort(), 'each in one group')
    t.strictSame(Object.keys(ParameterLabels).sort(), Object.keys(Parameters).sort())
    for (const [parameter, { Description, ConstraintDescription, ...rest }] of Object.entries(Parameters)) {
      t.match(Description, /^[A-Z].*\.$/, `${parameter} is described`)
      t.match(ConstraintDescription, /\.$/, `${parameter}: says what is allowed`)
      const limits = [rest.AllowedPattern, rest.AllowedValues, rest.MinValue === undefined ? undefined : rest.MaxValue]
      t.ok(
        limits.some((limit) => limit !== undefined),
        `${parameter} is constrained`,
      )
      if (rest.AllowedPattern === undefined || rest.Default === undefined) continue
      t.match(String(rest.Default), new RegExp(rest.AllowedPattern), `${parameter}: its default is allowed`)
    }
  })
}

test('what a value may be', async (t) => {
  const cases: [(typeof templateNames)[number], string, string[], string[]][] = [
    [
      'network',
      'VpcCidr',
      ['10.0.0.0/16', '172.31.0.0/16', '192.168.0.0/16'],
      ['10.0.0.0/8', '11.0.0.0/16', '10.0.1.0/16'],
    ],
    ['network', 'AllowedCidr', ['0.0.0.0/0', '203.0.113.7/32'], ['203.0.113.7', '::/0', '1.2.3.4/33']],
    ['network', 'ZoneNames', ['', 'eu-central-1a,eu-central-1b'], ['eu-central-1a', 'eu-central-1a, eu-central-1b']],
    ['network', 'ExistingPublicSubnetIds', ['subnet-01234567,subnet-0123456789abcdef0'], ['subnet-01234567']],
    ['network', 'ExistingPrivateSubnetIds', ['', 'subnet-01234567'], ['subnet-01234567,']],
    ['service', 'InstanceTypes', ['', 't3a.small,t2.small', 'm7i-flex.large'], ['t3', 'a.b,c.d,e.f,g.h']],
    ['service', 'DomainName', ['', 'time.example.org'], ['Time.example.org', 'localhost', 'a..org']],
    ['service', 'AlarmEmail', ['', 'ops@example.org'], ['ops']],
    [
      'service',
      'CertificateArn',
      ['', 'arn:aws:acm:eu-central-1:123456789012:certificate/0-1', 'arn:aws:iam::123456789012:server-certificate/x'],
      ['arn:aws:s3:::b'],
    ],
    [
      'checker',
      'Urls',
      ['https://a.example', 'http://a.example:8080/app,https://b.example'],
      ['a.example', 'https://a.example, https://b.example', 'https://a.example?x=1', 'ftp://a.example'],
    ],
    ['checker', 'MaxOffset', ['1s', '250ms'], ['1', '1 s', '-1s']],
    ['access', 'PrincipalArn', ['arn:aws:iam::123456789012:root', 'arn:aws:iam::123456789012:role/a/b'], ['*']],
  ]
  for (const [name, parameter, good, bad] of cases) {
    const pattern = new RegExp(template(name).Parameters[parameter].AllowedPattern)
    for (const value of good) t.match(value, pattern, `${parameter} takes ${value || 'nothing'}`)
    for (const value of bad) t.notMatch(value, pattern, `${parameter} refuses ${value}`)
  }
})

test('what the rest of the project reads and gives', async (t) => {
  t.strictSame(Object.keys(template('network').Outputs), [
    'VpcId',
    'PublicSubnetIds',
    'PrivateSubnetIds',
    'LoadBalancerSecurityGroupId',
    'InstanceSecurityGroupId',
    'InstanceConnectEndpointId',
  ])
  t.strictSame(Object.keys(template('service').Outputs), [
    'Url',
    'LoadBalancerArn',
    'LoadBalancerDnsName',
    'TargetGroupArn',
    'AutoScalingGroupName',
    'LaunchTemplateId',
    'AlarmTopicArn',
  ])
  const required = (name: (typeof templateNames)[number]) =>
    Object.entries(template(name).Parameters).flatMap(([key, { Default }]) => (Default === undefined ? [key] : []))
  t.strictSame(required('network'), ['Group'])
  t.strictSame(required('service'), [
    'Group',
    'ImageId',
    'VpcId',
    'PublicSubnetIds',
    'PrivateSubnetIds',
    'LoadBalancerSecurityGroupId',
    'InstanceSecurityGroupId',
  ])
  t.strictSame(required('guard'), ['Group', 'LoadBalancerArn'])
  t.strictSame(required('checker'), ['CodeBucket', 'CodeKey', 'Urls'])
})

test('nobody comes in but over 80 and 443 of the load balancer, and no network over 22', async (t) => {
  const rules = [...templates.values()].flatMap((one) => [
    ...resourcesOf(one, 'AWS::EC2::SecurityGroupIngress').map(([, rule]) => rule),
    ...resourcesOf(one, 'AWS::EC2::SecurityGroup').flatMap(([, group]) => branches(group.SecurityGroupIngress ?? [])),
  ])
  const fromNetworks = rules.filter((rule) => rule.SourceSecurityGroupId === undefined)
  t.strictSame(
    fromNetworks.map(({ GroupId, FromPort, ToPort, CidrIp }) => [GroupId.Ref, FromPort, ToPort, CidrIp.Ref]),
    [
      ['LoadBalancerSecurityGroup', 80, 80, 'AllowedCidr'],
      ['LoadBalancerSecurityGroup', 443, 443, 'AllowedCidr'],
    ],
  )
  const fromGroups = rules.filter((rule) => rule.SourceSecurityGroupId !== undefined)
  t.strictSame(
    fromGroups.map(({ GroupId, FromPort, ToPort, SourceSecurityGroupId }) => [
      GroupId.Ref,
      FromPort,
      ToPort,
      SourceSecurityGroupId.Ref,
    ]),
    [
      ['InstanceSecurityGroup', 80, 80, 'LoadBalancerSecurityGroup'],
      ['InstanceSecurityGroup', 22, 22, 'EndpointSecurityGroup'],
      ['SecretsEndpointSecurityGroup', 443, 443, 'InstanceSecurityGroup'],
    ],
  )
  for (const rule of rules) t.equal(rule.IpProtocol, 'tcp')
})

test('instances have no way out', async (t) => {
  const network = template('network')
  const groups = new Map(resourcesOf(network, 'AWS::EC2::SecurityGroup'))
  t.strictSame([...groups.keys()].sort(), [
    'EndpointSecurityGroup',
    'InstanceSecurityGroup',
    'LoadBalancerSecurityGroup',
    'SecretsEndpointSecurityGroup',
  ])
  const ways = (name: string) => branches(groups.get(name).SecurityGroupEgress)
  t.match(ways('InstanceSecurityGroup'), [
    { FromPort: 443, ToPort: 443, DestinationPrefixListId: { Ref: 'InstanceEgressPrefixListId' } },
    { IpProtocol: '-1', CidrIp: '127.0.0.1/32' },
    { FromPort: 443, ToPort: 443, DestinationSecurityGroupId: { Ref: 'SecretsEndpointSecurityGroup' } },
  ])
  t.equal(ways('InstanceSecurityGroup').length, 3)
  t.equal(network.Parameters['InstanceEgressPrefixListId'].Default, '')
  t.equal(network.Parameters['SecretsEndpoint'].Default, 'false')
  t.match(ways('SecretsEndpointSecurityGroup'), [{ IpProtocol: '-1', CidrIp: '127.0.0.1/32' }])
  for (const [name, port] of [
    ['LoadBalancerSecurityGroup', 80],
    ['EndpointSecurityGroup', 22],
  ] as const) {
    t.match(ways(name), [
      { FromPort: port, ToPort: port, DestinationSecurityGroupId: { Ref: 'InstanceSecurityGroup' } },
    ])
    t.equal(ways(name).length, 1)
  }
  const routes = resourcesOf(network, 'AWS::EC2::Route').map(([, { RouteTableId }]) => RouteTableId.Ref)
  t.strictSame(routes, ['PublicRouteTable'], 'the private subnets have no route of their own')
  const tables = resourcesOf(network, 'AWS::EC2::SubnetRouteTableAssociation').map(([, { SubnetId, RouteTableId }]) => [
    SubnetId.Ref.slice(0, -1),
    RouteTableId.Ref,
  ])
  t.strictSame(
    new Set(tables.map(String)),
    new Set(['PublicSubnet,PublicRouteTable', 'PrivateSubnet,PrivateRouteTable']),
  )
  t.equal(tables.length, 6)
  for (const [, { MapPublicIpOnLaunch }] of resourcesOf(network, 'AWS::EC2::Subnet'))
    t.equal(MapPublicIpOnLaunch, false)
  const types = [...templates.values()].flatMap((one) => Object.values(one.Resources).map(({ Type }) => Type))
  for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::EgressOnlyInternetGateway', 'AWS::EC2::EIP']) {
    t.notOk(types.includes(type), `no ${type}`)
  }
})

test('instances', async (t) => {
  const service = template('service')
  const [[, { LaunchTemplateData: launch }] = []] = resourcesOf(service, 'AWS::EC2::LaunchTemplate')
  t.match(launch.MetadataOptions, { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 })
  t.strictSame(
    launch.NetworkInterfaces.map((one: Value) => one.AssociatePublicIpAddress),
    [false],
  )
  t.match(launch.BlockDeviceMappings, [{ Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true } }])
  for (const key of ['KeyName', 'SecurityGroupIds']) t.notHas(launch, key)
  const tagged = launch.TagSpecifications.map(({ ResourceType, Tags }: Value) => [ResourceType, Tags.at(-1)])
  const group = { Key: 'bakeroll:group', Value: { Ref: 'Group' } }
  t.strictSame(tagged, [
    ['instance', group],
    ['volume', group],
    ['network-interface', group],
  ])
})

test('secrets: where they are is in the user data, reading them is for the own group, through its own endpoint', async (t) => {
  /** `${AWS::Region}` as `<Region>`. */
  const plain = (value: Value): Value =>
    JSON.parse(JSON.stringify(value).replace(/\$\{(?:AWS::)?(\w+)\}/g, (_, name: string) => `<${name}>`))
  const service = template('service')
  const own = { 'Fn::Sub': 'arn:<Partition>:ssm:<Region>:<AccountId>:parameter/bakeroll-secrets/<Group>' }
  const [[, { LaunchTemplateData: launch }] = []] = resourcesOf(service, 'AWS::EC2::LaunchTemplate')
  const said = { 'Fn::Base64': { 'Fn::Sub': '{"secrets": "ssm:/bakeroll-secrets/<Group>"}' } }
  t.strictSame(plain(launch.UserData), { 'Fn::If': ['HasSecrets', said, { Ref: 'AWS::NoValue' }] })
  const { InstanceSecretPolicy: policy } = service.Resources as Value
  t.equal(policy.Condition, 'HasSecrets')
  t.equal(service.Parameters['Secrets'].Default, 'false')
  const [read, decrypt] = plain(policy.Properties.PolicyDocument.Statement)
  t.strictSame(read, { Effect: 'Allow', Action: 'ssm:GetParametersByPath', Resource: own })
  t.equal(decrypt.Action, 'kms:Decrypt')
  t.strictSame(decrypt.Condition, {
    StringLike: { 'kms:EncryptionContext:PARAMETER_ARN': { 'Fn::Sub': `${own['Fn::Sub']}/*` } },
  })
  const { SecretsInterfaceEndpoint: endpoint } = template('network').Resources as Value
  t.strictSame(endpoint.Properties.SecurityGroupIds, [{ Ref: 'SecretsEndpointSecurityGroup' }])
  const statements = plain(endpoint.Properties.PolicyDocument.Statement)
  t.match(statements, [{ Action: 'ssm:GetParametersByPath', Resource: own }])
  t.equal(statements.length, 1)
})

test('a changed image touches the launch template alone, and nothing but `roll` replaces instances', async (t) => {
  const { Resources } = template('service')
  const users = Object.entries(Resources).filter(([, one]) => JSON.stringify(one).includes('{"Ref":"ImageId"}'))
  t.strictSame(
    users.map(([name]) => name),
    ['LaunchTemplate'],
  )
  const { AutoScalingGroup } = Resources
  t.strictSame((AutoScalingGroup as Value).UpdatePolicy, {
    AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
  })
  const versions = JSON.stringify(AutoScalingGroup).match(/"Version":"[^"]*"/g)
  t.strictSame(versions, ['"Version":"$Latest"', '"Version":"$Latest"'], 'alone and mixed')
  t.notHas(AutoScalingGroup?.Properties, 'DesiredCapacity')
  t.match(AutoScalingGroup?.Properties, {
    HealthCheckType: 'ELB',
    InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 },
    Tags: [{ Key: 'Name', PropagateAtLaunch: true }, { Key: 'bakeroll:group', PropagateAtLaunch: true }, {}],
  })
})

test('every declined check gives its reason, at the resource that it is about', async (t) => {
  for (const [name, { Metadata, Resources, body }] of templates) {
    t.strictSame(Object.keys(Metadata), ['AWS::CloudFormation::Interface'], `${name} declines nothing as a whole`)
    const skips = Object.values(Resources).flatMap((one) => one.Metadata?.checkov?.skip ?? [])
    for (const { id, comment } of skips) t.match(comment, /\w+ \w+ \w+/, `${name} ${id}`)
    const waivers = body.match(/^ *cfn-lint:.*$/gm) ?? []
    for (const waiver of waivers) t.match(waiver, /cfn-lint: # \w+ \w+/, `${name}: ${waiver.trim()}`)
  }
})

test('logs do not stay for ever', async (t) => {
  const groups = [...templates.values()].flatMap((one) => resourcesOf(one, 'AWS::Logs::LogGroup'))
  t.equal(groups.length, 4)
  for (const [name, { RetentionInDays }] of groups) t.match(RetentionInDays.Ref, /Days$/, name)
})

test('the checker: its schedule, its alarms, what it may do', async (t) => {
  const checker = template('checker')
  const { Mappings, Resources } = checker as Value
  const { AllowedValues } = checker.Parameters['EveryMinutes']
  for (const minutes of AllowedValues) {
    const { Rate, Seconds } = Mappings.Every[minutes]
    t.equal(Number(Seconds), minutes * 60)
    t.equal(Rate, minutes === 1 ? 'rate(1 minute)' : `rate(${minutes} minutes)`)
  }
  t.equal(Object.keys(Mappings.Every).length, AllowedValues.length)
  const alarms = resourcesOf(checker, 'AWS::CloudWatch::Alarm').map(([, one]) => [one.MetricName, one.TreatMissingData])
  t.strictSame(alarms, [
    ['Critical', 'ignore'],
    ['Unknown', 'ignore'],
    ['Errors', 'breaching'],
  ])
  const [[, role] = []] = resourcesOf(checker, 'AWS::IAM::Role')
  const actions = role.Policies.flatMap((one: Value) => one.PolicyDocument.Statement).flatMap(
    (one: Value) => one.Action,
  )
  t.strictSame(actions, ['logs:CreateLogStream', 'logs:PutLogEvents'])
  const { Timeout, Environment } = Resources.CheckerFunction.Properties
  t.ok(Timeout > checker.Parameters['Timeout'].MaxValue, 'a check ends before its function')
  const known = new Set(Object.keys(Environment.Variables))
  for (const name of known) {
    if (name !== 'BAKEROLL_CHECK_URLS') t.match(reference, `\`${name}\``, `${name} is a setting of check`)
  }
})

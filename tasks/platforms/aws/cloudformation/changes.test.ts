import type { Change, ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { reportChanges } from './changes.ts'

/*
 * The shapes of https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-samples.html
 * and https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceTargetDefinition.html.
 */
type Target = NonNullable<ResourceChangeDetail['Target']>

function property(path: string, values: Partial<Target> = {}, detail: Partial<ResourceChangeDetail> = {}) {
  const [Name = ''] = path.split('/')
  const Target: Target = {
    Attribute: 'Properties',
    Name,
    Path: `/Properties/${path}`,
    RequiresRecreation: 'Never',
    ...values,
  }
  return { Target, Evaluation: 'Static', ChangeSource: 'DirectModification', ...detail } as const
}

function modify(id: string, type: string, Details: ResourceChangeDetail[], more: Partial<ResourceChange> = {}): Change {
  const change: ResourceChange = { Action: 'Modify', LogicalResourceId: id, ResourceType: `AWS::${type}`, Details }
  return { Type: 'Resource', ResourceChange: { Replacement: 'False', Scope: ['Properties'], ...change, ...more } }
}

function bare(Action: 'Add' | 'Remove', id: string, type: string, more: Partial<ResourceChange> = {}): Change {
  return { Type: 'Resource', ResourceChange: { Action, LogicalResourceId: id, ResourceType: `AWS::${type}`, ...more } }
}

const update = { isNew: false }

t.test('lines: added, changed, replaced, removed, in this order', async (t) => {
  const { lines } = reportChanges(
    [
      bare('Remove', 'Old', 'CloudWatch::Alarm'),
      bare('Remove', 'Kept', 'S3::Bucket', { PolicyAction: 'Retain' }),
      modify(
        'TargetGroup',
        'ElasticLoadBalancingV2::TargetGroup',
        [property('Port', { RequiresRecreation: 'Always', BeforeValue: '80', AfterValue: '8080' })],
        { Replacement: 'True' },
      ),
      modify(
        'Listener',
        'ElasticLoadBalancingV2::Listener',
        [
          property(
            'LoadBalancerArn',
            { RequiresRecreation: 'Always' },
            { Evaluation: 'Dynamic', ChangeSource: 'ResourceReference', CausingEntity: 'LoadBalancer' },
          ),
        ],
        { Replacement: 'Conditional' },
      ),
      modify('Group', 'AutoScaling::AutoScalingGroup', [
        property('MinSize', { BeforeValue: '2', AfterValue: '3' }),
        property(
          'MinSize',
          {},
          { Evaluation: 'Dynamic', ChangeSource: 'ParameterReference', CausingEntity: 'MinSize' },
        ),
        property('Tags', {}, { ChangeSource: 'ParameterReference', CausingEntity: 'Group' }),
      ]),
      bare('Add', 'Alarm', 'CloudWatch::Alarm'),
    ],
    update,
  )
  t.same(lines, [
    '+ Alarm (AWS::CloudWatch::Alarm)',
    '~ Group (AWS::AutoScaling::AutoScalingGroup): MinSize 2 -> 3, Tags (by Group)',
    '! TargetGroup (AWS::ElasticLoadBalancingV2::TargetGroup): replaced, for Port 80 -> 8080',
    '! Listener (AWS::ElasticLoadBalancingV2::Listener): may be replaced, for LoadBalancerArn',
    '- Old (AWS::CloudWatch::Alarm)',
    '- Kept (AWS::S3::Bucket): leaves the stack, but is kept',
  ])
})

t.test('long values are cut, absent ones named', async (t) => {
  const long = { BeforeValue: 'x'.repeat(100), AfterValue: 'two\n  lines' }
  const { lines } = reportChanges(
    [
      modify('Topic', 'SNS::Topic', [
        property('DisplayName', long),
        property('KmsMasterKeyId', { AfterValue: 'alias/a' }),
      ]),
    ],
    update,
  )
  t.same(lines, [
    `~ Topic (AWS::SNS::Topic): DisplayName ${'x'.repeat(60)}... -> two lines, KmsMasterKeyId (none) -> alias/a`,
  ])
})

const template = 'EC2::LaunchTemplate'
const group = 'AutoScaling::AutoScalingGroup'

const warnings: [what: string, change: Change, warning: RegExp | undefined][] = [
  ['another launch template', modify('T', template, [property('LaunchTemplateData/InstanceType')]), /will be outdated/],
  ['tags of a launch template', modify('T', template, [property('TagSpecifications')]), undefined],
  [
    'a group is replaced',
    modify('G', group, [property('AutoScalingGroupName')], { Replacement: 'True' }),
    /all its instances are terminated/,
  ],
  ['a group goes', bare('Remove', 'G', group), /G is removed: all its instances are terminated/],
  ['other subnets', modify('G', group, [property('VPCZoneIdentifier/0')]), /other zones/],
  ['another maximum', modify('G', group, [property('MaxSize')]), /instances above it are terminated/],
  ['another minimum', modify('G', group, [property('MinSize')]), undefined],
  [
    'a group that rolls by itself',
    modify('Rolling', group, [property('LaunchTemplate/Version')]),
    /itself replaces the instances/,
  ],
  ['a group that does not', modify('G', group, [property('LaunchTemplate/Version')]), undefined],
  [
    'a listener is replaced',
    modify('L', 'ElasticLoadBalancingV2::Listener', [property('Port')], { Replacement: 'True' }),
    /interrupted/,
  ],
  ['a listener is changed', modify('L', 'ElasticLoadBalancingV2::Listener', [property('SslPolicy')]), undefined],
]

t.test('warnings: what replaces instances or interrupts the service', async (t) => {
  for (const [what, change, warning] of warnings) {
    const found = reportChanges([change], { isNew: false, replacingGroups: new Set(['Rolling']) }).warnings
    if (warning === undefined) t.same(found, [], what)
    else t.match(found, [warning], what)
    t.same(reportChanges([change], { isNew: true }).warnings, [], `${what}, in a new stack`)
  }
})

const ingress = 'EC2::SecurityGroup'

const dangers: [what: string, change: Change, dangers: string[]][] = [
  [
    'a rule more',
    modify('Sg', ingress, [property('SecurityGroupIngress/1/CidrIp', { AttributeChangeType: 'Add' })]),
    ['may widen access: changes SecurityGroupIngress of Sg (AWS::EC2::SecurityGroup)'],
  ],
  ['a rule less', modify('Sg', ingress, [property('SecurityGroupIngress/1', { AttributeChangeType: 'Remove' })]), []],
  ['a rule out', modify('Sg', ingress, [property('SecurityGroupEgress/0/CidrIp')]), []],
  [
    'a change that AWS does not describe',
    modify('Sg', ingress, []),
    ['may widen access: changes Sg (AWS::EC2::SecurityGroup)'],
  ],
  [
    'a rule of its own',
    bare('Add', 'Https', 'EC2::SecurityGroupIngress'),
    ['widens access: adds Https (AWS::EC2::SecurityGroupIngress)'],
  ],
  ['such a rule goes', bare('Remove', 'Https', 'EC2::SecurityGroupIngress'), []],
  ['a closed group', bare('Add', 'Sg', ingress, { AfterContext: '{"Properties":{"GroupDescription":"x"}}' }), []],
  [
    'an open group',
    bare('Add', 'Sg', ingress, { AfterContext: '{"Properties":{"SecurityGroupIngress":[]}}' }),
    ['widens access: adds Sg (AWS::EC2::SecurityGroup)'],
  ],
  ['a policy', bare('Add', 'P', 'IAM::RolePolicy'), ['widens access: adds P (AWS::IAM::RolePolicy)']],
  [
    'another policy text',
    modify('P', 'IAM::ManagedPolicy', [property('PolicyDocument')]),
    ['may widen access: changes PolicyDocument of P (AWS::IAM::ManagedPolicy)'],
  ],
  [
    'who may take a role',
    modify('R', 'IAM::Role', [property('AssumeRolePolicyDocument/Statement/0')]),
    ['may widen access: changes AssumeRolePolicyDocument of R (AWS::IAM::Role)'],
  ],
  [
    'a role without its boundary',
    modify('R', 'IAM::Role', [property('PermissionsBoundary', { AttributeChangeType: 'Remove' })]),
    ['may widen access: changes PermissionsBoundary of R (AWS::IAM::Role)'],
  ],
  ['the description of a role', modify('R', 'IAM::Role', [property('Description')]), []],
  [
    'a public address',
    modify('T', template, [property('LaunchTemplateData/NetworkInterfaces/0/AssociatePublicIpAddress')]),
    ['may widen access: changes AssociatePublicIpAddress of T (AWS::EC2::LaunchTemplate)'],
  ],
  ['another image', modify('T', template, [property('LaunchTemplateData/ImageId')]), []],
  [
    'a public load balancer',
    modify('Lb', 'ElasticLoadBalancingV2::LoadBalancer', [property('Scheme', { RequiresRecreation: 'Always' })], {
      Replacement: 'True',
    }),
    [
      'replaces Lb (AWS::ElasticLoadBalancingV2::LoadBalancer)',
      'may widen access: changes Scheme of Lb (AWS::ElasticLoadBalancingV2::LoadBalancer)',
    ],
  ],
  [
    'a web ACL goes',
    bare('Remove', 'A', 'WAFv2::WebACLAssociation'),
    ['removes the protection of A (AWS::WAFv2::WebACLAssociation)'],
  ],
  [
    'a VPC is replaced',
    modify('Vpc', 'EC2::VPC', [property('CidrBlock', { RequiresRecreation: 'Always' })], { Replacement: 'True' }),
    ['replaces Vpc (AWS::EC2::VPC)'],
  ],
  [
    'a subnet may be',
    modify('S', 'EC2::Subnet', [property('VpcId')], { Replacement: 'Conditional' }),
    ['may replace S (AWS::EC2::Subnet)'],
  ],
  ['a log group goes', bare('Remove', 'Log', 'Logs::LogGroup'), ['removes Log (AWS::Logs::LogGroup)']],
  ['a bucket stays', bare('Remove', 'B', 'S3::Bucket', { PolicyAction: 'Retain' }), []],
  [
    'a group is replaced',
    modify('G', group, [], { PolicyAction: 'ReplaceAndDelete' }),
    ['replaces G (AWS::AutoScaling::AutoScalingGroup)'],
  ],
  ['an alarm is replaced', modify('A', 'CloudWatch::Alarm', [], { Replacement: 'True' }), []],
]

t.test('dangers: what widens access, and what loses state', async (t) => {
  for (const [what, change, expected] of dangers) t.same(reportChanges([change], update).dangers, expected, what)
  const all = dangers.map(([, change]) => change)
  t.same(reportChanges(all, { isNew: true }).dangers, [], 'in a new stack nothing is a surprise')
})

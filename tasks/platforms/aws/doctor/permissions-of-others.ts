import type { Need } from './permitted.ts'

const entering = ['check', 'deploy', 'heal', 'logs', 'roll', 'rollback', 'scale', 'ssh']

/** The AWS CLI opens tunnels. */
export const tunnelNeeds: readonly Need[] = [
  { verbs: entering, by: 'aws', on: 'anything', actions: ['ec2:DescribeInstanceConnectEndpoints'] },
  { verbs: entering, by: 'aws', on: 'endpoint', actions: ['ec2-instance-connect:OpenTunnel'] },
]

/**
 * Packer's amazon-ebs builder, as our template uses it
 * (https://developer.hashicorp.com/packer/integrations/hashicorp/amazon#iam-task-or-instance-role).
 */
export const packerNeeds: readonly Need[] = [
  {
    verbs: ['bake'],
    by: 'packer',
    on: 'anything',
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeInstances',
      'ec2:DescribeInstanceStatus',
      'ec2:DescribeRegions',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSnapshots',
      'ec2:DescribeSubnets',
      'ec2:DescribeVolumes',
      'ec2:DescribeVpcs',
    ],
  },
  {
    verbs: ['bake'],
    by: 'packer',
    on: 'instance',
    actions: ['ec2:RunInstances', 'ec2:StopInstances', 'ec2:TerminateInstances'],
  },
  { verbs: ['bake'], by: 'packer', on: 'image', actions: ['ec2:CreateImage', 'ec2:CreateTags'] },
]

/** CloudFormation acts with the user's credentials for network.yaml and service.yaml with their defaults. */
export const cloudFormationNeeds: readonly Need[] = [
  ...throughStacks(
    ['deploy'],
    [
      {
        on: 'anything',
        actions: [
          'ec2:DescribeAvailabilityZones',
          'ec2:DescribeInternetGateways',
          'ec2:DescribeLaunchTemplates',
          'ec2:DescribeRouteTables',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcEndpoints',
          'ec2:DescribeVpcs',
        ],
      },
      {
        on: 'network',
        actions: [
          'ec2:AssociateRouteTable',
          'ec2:AttachInternetGateway',
          'ec2:AuthorizeSecurityGroupEgress',
          'ec2:AuthorizeSecurityGroupIngress',
          'ec2:CreateInstanceConnectEndpoint',
          'ec2:CreateInternetGateway',
          'ec2:CreateLaunchTemplate',
          'ec2:CreateRoute',
          'ec2:CreateRouteTable',
          'ec2:CreateSecurityGroup',
          'ec2:CreateSubnet',
          'ec2:CreateTags',
          'ec2:CreateVpc',
          'ec2:CreateVpcEndpoint',
          'ec2:ModifySubnetAttribute',
          'ec2:ModifyVpcAttribute',
          'ec2:RevokeSecurityGroupEgress',
        ],
      },
      { on: 'instance', actions: ['ec2:RunInstances'] },
      {
        on: 'loadBalancer',
        actions: [
          'elasticloadbalancing:AddTags',
          'elasticloadbalancing:CreateListener',
          'elasticloadbalancing:CreateLoadBalancer',
          'elasticloadbalancing:ModifyLoadBalancerAttributes',
        ],
      },
      {
        on: 'targetGroup',
        actions: ['elasticloadbalancing:CreateTargetGroup', 'elasticloadbalancing:ModifyTargetGroupAttributes'],
      },
      { on: 'group', actions: ['autoscaling:CreateAutoScalingGroup', 'autoscaling:PutScalingPolicy'] },
      { on: 'role', actions: ['iam:CreateRole', 'iam:PassRole', 'iam:PutRolePolicy'] },
      { on: 'profile', actions: ['iam:AddRoleToInstanceProfile', 'iam:CreateInstanceProfile'] },
      { on: 'topic', actions: ['sns:CreateTopic', 'sns:SetTopicAttributes'] },
      { on: 'alarm', actions: ['cloudwatch:PutMetricAlarm'] },
      { on: 'logGroup', actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'] },
    ],
  ),
  // A new image is a new version of the launch template.
  ...throughStacks(['deploy', 'roll', 'rollback'], [{ on: 'network', actions: ['ec2:CreateLaunchTemplateVersion'] }]),
  ...throughStacks(
    ['destroy'],
    [
      {
        on: 'network',
        actions: [
          'ec2:DeleteInstanceConnectEndpoint',
          'ec2:DeleteInternetGateway',
          'ec2:DeleteLaunchTemplate',
          'ec2:DeleteRoute',
          'ec2:DeleteRouteTable',
          'ec2:DeleteSecurityGroup',
          'ec2:DeleteSubnet',
          'ec2:DeleteVpc',
          'ec2:DeleteVpcEndpoints',
          'ec2:DetachInternetGateway',
          'ec2:DisassociateRouteTable',
        ],
      },
      {
        on: 'loadBalancer',
        actions: ['elasticloadbalancing:DeleteListener', 'elasticloadbalancing:DeleteLoadBalancer'],
      },
      { on: 'targetGroup', actions: ['elasticloadbalancing:DeleteTargetGroup'] },
      { on: 'group', actions: ['autoscaling:DeleteAutoScalingGroup', 'autoscaling:DeletePolicy'] },
      { on: 'role', actions: ['iam:DeleteRole', 'iam:DeleteRolePolicy'] },
      { on: 'profile', actions: ['iam:DeleteInstanceProfile', 'iam:RemoveRoleFromInstanceProfile'] },
      { on: 'topic', actions: ['sns:DeleteTopic'] },
      { on: 'alarm', actions: ['cloudwatch:DeleteAlarms'] },
      { on: 'logGroup', actions: ['logs:DeleteLogGroup'] },
    ],
  ),
]

function throughStacks(verbs: readonly string[], needs: readonly Pick<Need, 'on' | 'actions'>[]): Need[] {
  return needs.map((need) => ({ ...need, verbs, by: 'cloudformation' }))
}

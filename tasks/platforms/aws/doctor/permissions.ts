import { cloudFormationNeeds, packerNeeds, tunnelNeeds } from './permissions-of-others.ts'
import type { Need } from './permitted.ts'

const reading = ['check', 'deploy', 'destroy', 'heal', 'images', 'logs', 'roll', 'rollback', 'scale', 'ssh', 'status']
const changing = ['deploy', 'destroy', 'heal', 'roll', 'rollback', 'scale']
const rolling = ['deploy', 'heal', 'roll', 'rollback', 'scale']
const entering = ['check', 'deploy', 'heal', 'logs', 'roll', 'rollback', 'scale', 'ssh']

/** Calls of our own clients. A test compares the list with the commands that the code imports. */
const ownNeeds: readonly Need[] = [
  {
    verbs: reading,
    on: 'anything',
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'ec2:DescribeImages',
      'ec2:DescribeInstances',
      'elasticloadbalancing:DescribeLoadBalancers',
      'elasticloadbalancing:DescribeTargetHealth',
    ],
  },
  { verbs: reading, on: 'stack', actions: ['cloudformation:DescribeStacks'] },
  { verbs: reading, on: 'parameter', actions: ['ssm:GetParameter', 'ssm:GetParametersByPath'] },
  // PutParameter with tags needs AddTagsToResource.
  { verbs: changing, on: 'parameter', actions: ['ssm:AddTagsToResource', 'ssm:DeleteParameters', 'ssm:PutParameter'] },
  // To see which secrets are set.
  { verbs: ['deploy', 'roll', 'scale', 'secret'], on: 'anything', actions: ['ssm:DescribeParameters'] },
  {
    verbs: ['secret'],
    on: 'secret',
    actions: ['ssm:AddTagsToResource', 'ssm:DeleteParameters', 'ssm:PutParameter'],
  },
  { verbs: ['destroy'], on: 'secret', actions: ['ssm:DeleteParameters'] },
  { verbs: rolling, on: 'anything', actions: ['autoscaling:DescribeScalingActivities'] },
  {
    verbs: rolling,
    on: 'group',
    actions: [
      'autoscaling:AttachLoadBalancerTargetGroups',
      'autoscaling:ResumeProcesses',
      'autoscaling:SetInstanceHealth',
      'autoscaling:SetDesiredCapacity',
      'autoscaling:SuspendProcesses',
      'autoscaling:TerminateInstanceInAutoScalingGroup',
      'autoscaling:UpdateAutoScalingGroup',
    ],
  },
  {
    verbs: rolling,
    on: 'targetGroup',
    actions: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
  },
  {
    verbs: ['deploy', 'roll', 'rollback'],
    on: 'stack',
    actions: [
      'cloudformation:DescribeStackEvents',
      'cloudformation:DescribeStackResources',
      'cloudformation:ListStackResources',
      'cloudformation:UpdateStack',
    ],
  },
  {
    verbs: ['deploy'],
    on: 'stack',
    actions: [
      'cloudformation:CreateChangeSet',
      'cloudformation:DeleteChangeSet',
      'cloudformation:DescribeChangeSet',
      'cloudformation:DescribeEvents',
      'cloudformation:ExecuteChangeSet',
      'cloudformation:ListChangeSets',
    ],
  },
  {
    verbs: ['status'],
    on: 'stack',
    actions: ['cloudformation:DescribeStackResourceDrifts', 'cloudformation:DetectStackDrift'],
  },
  { verbs: ['status'], on: 'anything', actions: ['cloudformation:DescribeStackDriftDetectionStatus'] },
  {
    verbs: ['roll', 'rollback'],
    on: 'group',
    actions: ['autoscaling:RollbackInstanceRefresh', 'autoscaling:StartInstanceRefresh'],
  },
  {
    verbs: ['images', 'roll', 'rollback'],
    on: 'anything',
    actions: ['autoscaling:DescribeInstanceRefreshes', 'ec2:DescribeLaunchTemplateVersions'],
  },
  { verbs: ['images'], on: 'launchTemplate', actions: ['ec2:DeleteLaunchTemplateVersions'] },
  { verbs: [...entering, 'bake'], on: 'instance', actions: ['ec2:GetConsoleOutput'] },
  { verbs: entering, on: 'instance', actions: ['ec2-instance-connect:SendSSHPublicKey'] },
  { verbs: ['destroy', 'images'], on: 'image', actions: ['ec2:DeregisterImage'] },
  { verbs: ['destroy', 'images'], on: 'snapshot', actions: ['ec2:DeleteSnapshot'] },
  { verbs: ['destroy'], on: 'stack', actions: ['cloudformation:DeleteStack'] },
  { verbs: ['destroy'], on: 'instance', actions: ['ec2:TerminateInstances'] },
  {
    verbs: ['destroy'],
    on: 'group',
    actions: ['autoscaling:DeleteWarmPool', 'autoscaling:ExitStandby', 'autoscaling:SetInstanceProtection'],
  },
  {
    verbs: ['destroy'],
    on: 'anything',
    actions: [
      'ec2:DescribeInternetGateways',
      'ec2:DescribeRouteTables',
      'ec2:DescribeTags',
      'ec2:DescribeVpcs',
      'ssm:DescribeParameters',
      'elasticloadbalancing:DescribeTargetGroups',
      'tag:GetResources',
    ],
  },
  // For resources that a stack deletion left behind.
  {
    verbs: ['destroy'],
    on: 'network',
    actions: [
      'ec2:DeleteInternetGateway',
      'ec2:DeleteRouteTable',
      'ec2:DeleteVpc',
      'ec2:DetachInternetGateway',
      'ec2:DisassociateRouteTable',
    ],
  },
  {
    verbs: ['bake'],
    on: 'anything',
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeInstances',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
  },
  {
    verbs: ['bake'],
    on: 'image',
    actions: ['ec2:CreateTags', 'ec2:EnableImageDeprecation', 'ec2:ModifyImageAttribute'],
  },
  { verbs: ['bake'], on: 'instance', actions: ['ec2:ModifyInstanceMetadataOptions', 'ec2:TerminateInstances'] },
  { verbs: ['bake'], on: 'keyPair', actions: ['ec2:DeleteKeyPair', 'ec2:ImportKeyPair'] },
  {
    verbs: ['bake'],
    on: 'securityGroup',
    actions: [
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:CreateSecurityGroup',
      'ec2:CreateTags',
      'ec2:DeleteSecurityGroup',
    ],
  },
  // CreateSecurityGroup needs permission on the VPC too.
  { verbs: ['bake'], on: 'network', actions: ['ec2:CreateSecurityGroup'] },
  {
    verbs: ['doctor'],
    on: 'anything',
    actions: [
      'ec2:DescribeAddresses',
      'ec2:DescribeVpcs',
      'servicequotas:GetAWSDefaultServiceQuota',
      'servicequotas:GetServiceQuota',
    ],
  },
  { verbs: ['doctor'], on: 'role', actions: ['iam:GetRole', 'iam:SimulatePrincipalPolicy'] },
]

/**
 * Every permission that the verbs need with default settings. `doctor` simulates this list, and the operator role of
 * cloudformation/access.yaml grants it. IAM's names:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/.
 */
export const needs: readonly Need[] = [...ownNeeds, ...tunnelNeeds, ...packerNeeds, ...cloudFormationNeeds]

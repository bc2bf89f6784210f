import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling'
import type { RecordedAnswer } from './recorded.ts'

/*
 * Answers of AWS about one group, in the shapes of the pages of each operation; each is held against AWS's model when it is
 * played. Ids and times are ours.
 */

/** The names that all answers use. */
export const group = {
  name: 'shop',
  stack: 'bakeroll-shop-service',
  scaling: 'bakeroll-shop-service-Group',
  targetGroup: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/1',
  loadBalancer: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/1',
} as const

/** Where AWS describes the operations of a service. */
const pages: Readonly<Record<string, string>> = {
  autoscaling: 'https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_',
  cloudformation: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_',
  ec2: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_',
  elbv2: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_',
  ssm: 'https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_',
}

/** What is answered to an operation, `ec2:DescribeInstances`; only to requests that hold `input`, when given. */
export function answer(action: string, output: object = {}, input?: object): RecordedAnswer {
  return { ...about(action), output, ...(input === undefined ? {} : { input }) }
}

/** What is refused. */
export function refusal(action: string, code: string, message: string, input?: object): RecordedAnswer {
  return { ...about(action), error: { code, message }, ...(input === undefined ? {} : { input }) }
}

function about(action: string) {
  const [service = '', operation = ''] = action.split(':')
  return { service, operation, source: `${pages[service]}${operation}.html` }
}

/** The service stack, with these parameters. */
export function serviceStack(parameters: Readonly<Record<string, string>> = {}): RecordedAnswer {
  const outputs = {
    AutoScalingGroupName: group.scaling,
    TargetGroupArn: group.targetGroup,
    LoadBalancerArn: group.loadBalancer,
    Url: 'http://shop.example',
  }
  const all = { ImageId: 'ami-0new', MinSize: '2', MaxSize: '4', ...parameters }
  const stack = {
    StackName: group.stack,
    StackId: `arn:aws:cloudformation:eu-central-1:123456789012:stack/${group.stack}/1`,
    CreationTime: '2026-01-01T00:00:00Z',
    StackStatus: 'UPDATE_COMPLETE',
    Parameters: Object.entries(all).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  }
  return answer('cloudformation:DescribeStacks', { Stacks: [stack] })
}

/** The group's record. */
export function record(value: object): RecordedAnswer {
  const Name = `/bakeroll/${group.name}/record`
  return answer('ssm:GetParameter', { Parameter: { Name, Type: 'String', Value: JSON.stringify(value), Version: 1 } })
}

/** A member of the Auto Scaling group, by its id and its lifecycle state. */
export function member(InstanceId: string, LifecycleState = 'InService', more: object = {}) {
  const usual = { AvailabilityZone: 'eu-central-1a', HealthStatus: 'Healthy', ProtectedFromScaleIn: false }
  return { InstanceId, LifecycleState, ...usual, ...more }
}

/** The Auto Scaling group, as it stands in an answer; the client would make a Date of its time. */
export function scalingGroup(Instances: readonly object[], more: object = {}): AutoScalingGroup {
  const found = {
    AutoScalingGroupName: group.scaling,
    MinSize: 2,
    MaxSize: 4,
    DesiredCapacity: 2,
    DefaultCooldown: 300,
    AvailabilityZones: ['eu-central-1a', 'eu-central-1b'],
    HealthCheckType: 'ELB',
    CreatedTime: '2026-01-01T00:00:00Z',
    TargetGroupARNs: [group.targetGroup],
    Instances,
    ...more,
  }
  return found as unknown as AutoScalingGroup
}

/** DescribeAutoScalingGroups of that group. */
export function scaling(Instances: readonly object[], more: object = {}): RecordedAnswer {
  return answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [scalingGroup(Instances, more)] })
}

/** Suspended processes, as DescribeAutoScalingGroups lists them. */
export function suspended(...names: string[]): { SuspendedProcesses: object[] } {
  return {
    SuspendedProcesses: names.map((ProcessName) => ({ ProcessName, SuspensionReason: 'User suspended at 2026-01-01' })),
  }
}

/** A machine of EC2. */
export function machine(InstanceId: string, state = 'running', more: object = {}) {
  const LaunchTime = '2026-01-01T00:00:00Z'
  return { InstanceId, State: { Name: state }, ImageId: 'ami-0new', PrivateIpAddress: '10.0.0.7', LaunchTime, ...more }
}

/** DescribeInstances; a page of many when a token is named. */
export function machines(
  Instances: readonly object[],
  { token, next }: { token?: string; next?: string } = {},
): RecordedAnswer {
  const output = { Reservations: [{ Instances }], ...(next === undefined ? {} : { NextToken: next }) }
  return answer('ec2:DescribeInstances', output, token === undefined ? undefined : { NextToken: token })
}

/** DescribeTargetHealth: state and reason by instance. */
export function targets(states: Readonly<Record<string, string>>, Reason?: string): RecordedAnswer {
  const TargetHealthDescriptions = Object.entries(states).map(([Id, State]) => ({
    Target: { Id, Port: 80 },
    TargetHealth: { State, ...(Reason === undefined ? {} : { Reason }) },
  }))
  return answer('elbv2:DescribeTargetHealth', { TargetHealthDescriptions })
}

/** The load balancer. */
export function balancer(Code = 'active'): RecordedAnswer {
  return answer('elbv2:DescribeLoadBalancers', {
    LoadBalancers: [{ LoadBalancerArn: group.loadBalancer, State: { Code } }],
  })
}

/** DescribeImages: releases by image. */
export function images(releases: Readonly<Record<string, string>>): RecordedAnswer {
  const Images = Object.entries(releases).map(([ImageId, Value]) => ({
    ImageId,
    Tags: [{ Key: 'bakeroll:release', Value }],
  }))
  return answer('ec2:DescribeImages', { Images })
}

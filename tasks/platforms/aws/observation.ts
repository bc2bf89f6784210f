import {
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  type Instance as Member,
} from '@aws-sdk/client-auto-scaling'
import { type Instance as Machine, paginateDescribeImages, paginateDescribeInstances } from '@aws-sdk/client-ec2'
import {
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Group, Instance, TargetHealth } from '../platform.ts'
import type { Aws } from './clients.ts'
import { isAwsError } from './failures.ts'
import { imageTags, type Names } from './names.ts'
import { type GroupRecord, readRecord, type Undo } from './record.ts'
import { describeStack, type Stack } from './stacks.ts'

/** A group as AWS tells it, and what bakeroll makes of it. */
export interface Observed {
  readonly group: Group
  readonly stack: Stack
  readonly record: GroupRecord
  readonly scaling: AutoScalingGroup
}

/** Remembers the releases of images, which never change. */
export type ReleaseMemory = Map<string, string>

/**
 * Observes a group afresh; undefined when its service stack is not there or was never finished. Costs seven calls and one
 * more per 1,000 instances, however many instances there are; one more when an image is seen for the first time.
 */
export async function observe(
  aws: Aws,
  names: Names,
  { url, releases }: { url?: string | undefined; releases: ReleaseMemory },
): Promise<Observed | undefined> {
  const [stack, record = {}] = await Promise.all([describeStack(aws, names.serviceStack), readRecord(aws, names)])
  const scalingName = stack?.outputs['AutoScalingGroupName']
  if (stack === undefined || scalingName === undefined) return undefined
  const [scaling, health, balancer, machines] = await Promise.all([
    scalingGroup(aws, scalingName),
    targetHealth(aws, stack.outputs['TargetGroupArn'] ?? ''),
    loadBalancerState(aws, stack.outputs['LoadBalancerArn'] ?? ''),
    machinesOf(aws, scalingName),
  ])
  if (scaling === undefined) return undefined
  await learnReleases(aws, releases, machines)
  const members = (scaling.Instances ?? []).filter((one) => one.LifecycleState !== 'Terminated')
  const view: View = { machines: new Map(machines.map((one) => [one.InstanceId ?? '', one])), health, releases }
  const group: Group = {
    name: names.group,
    imageId: wantedImageId(stack, record),
    ...(record.previousImageId === undefined ? {} : { previousImageId: record.previousImageId }),
    size: record.size ?? scaling.DesiredCapacity ?? 0,
    url: url ?? stack.outputs['Url'] ?? '',
    loadBalancer: balancer,
    instances: members.filter((one) => whyAside(one) === undefined).map((one) => instanceOf(one, view)),
    ...(record.roll === undefined ? {} : { roll: record.roll }),
    aside: members.flatMap((one) => {
      const because = whyAside(one)
      return because === undefined ? [] : [{ id: one.InstanceId ?? '', because }]
    }),
    notes: record.undo ? [`left by a verb that was killed, put back by the next: ${inWords(record.undo)}`] : [],
  }
  return { group, stack, record, scaling }
}

function inWords({ suspended = [], minSize, maxSize, launchTemplateVersion }: Undo): string {
  const parts = [
    suspended.length > 0 ? `suspended ${suspended.join(', ')}` : undefined,
    minSize === undefined ? undefined : `the minimum, ${minSize} before`,
    maxSize === undefined ? undefined : `the maximum, ${maxSize} before`,
    launchTemplateVersion === undefined ? undefined : 'the version of the launch template',
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}

/** The Auto Scaling group by its name; undefined without a name, and when it was deleted. */
export async function scalingGroup(aws: Aws, name: string | undefined): Promise<AutoScalingGroup | undefined> {
  if (name === undefined) return undefined
  const answer = await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }))
  return answer.AutoScalingGroups?.[0]
}

/**
 * The image that the group wants: a parameter of the service stack, or, while a roll is under way, where that goes. Both
 * are the same but for the moment between the two writes, and `launch` makes them the same.
 */
export function wantedImageId(stack: Stack, { roll }: GroupRecord): string {
  if (roll) return roll.rollingBack ? roll.previousImageId : roll.imageId
  return stack.parameters['ImageId'] ?? ''
}

/** Why a member of the Auto Scaling group is none of its capacity; undefined when it is. */
export function whyAside(member: Member): string | undefined {
  const phase = phaseOf(member)
  if (phase.startsWith('Warmed')) return 'in the warm pool'
  if (/^(EnteringStandby|Standby)$/.test(phase)) return 'in standby'
  if (/^Detach/.test(phase)) return 'being detached'
  return undefined
}

interface View {
  readonly machines: ReadonlyMap<string, Machine>
  readonly health: ReadonlyMap<string, TargetHealthDescription>
  readonly releases: ReleaseMemory
}

/** One member of the group; `LifecycleState` is AWS's (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html). */
export function instanceOf(member: Member, { machines, health, releases }: View): Instance {
  const id = member.InstanceId ?? ''
  const machine = machines.get(id)
  const imageId = machine?.ImageId ?? ''
  const host = machine?.PrivateIpAddress ?? '0.0.0.0'
  const state = stateOf(member, machine)
  return {
    id,
    imageId,
    release: releases.get(imageId) ?? 'unknown',
    state,
    health: state === 'stopped' ? 'unhealthy' : healthOf(member, health.get(id)),
    url: `http://${host}`,
    startedAt: (machine?.LaunchTime ?? new Date(0)).toISOString(),
    ssh: { host, port: 22, user: 'admin' },
  }
}

/** Its lifecycle state, `Pending:Wait`. */
function phaseOf({ LifecycleState }: Member): string {
  return LifecycleState ?? ''
}

function stateOf(member: Member, machine: Machine | undefined): Instance['state'] {
  const phase = phaseOf(member)
  const { Name = 'pending' } = machine?.State ?? {}
  if (phase.startsWith('Terminating')) return 'running'
  if (/^(shutting-down|terminated|stopping|stopped)$/.test(Name)) return 'stopped'
  return phase.startsWith('Pending') || Name === 'pending' ? 'pending' : 'running'
}

function healthOf(member: Member, target: TargetHealthDescription | undefined): TargetHealth {
  const phase = phaseOf(member)
  if (phase.startsWith('Terminating')) return 'draining'
  const state = target?.TargetHealth?.State
  if (state === undefined || state === 'unused') return phase.startsWith('Pending') ? 'initial' : 'unused'
  if (state === 'healthy' || state === 'initial') return state
  return state === 'draining' || state === 'unhealthy.draining' ? 'draining' : 'unhealthy'
}

async function targetHealth(aws: Aws, TargetGroupArn: string): Promise<Map<string, TargetHealthDescription>> {
  try {
    const answer = await aws.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
    return new Map((answer.TargetHealthDescriptions ?? []).map((one) => [one.Target?.Id ?? '', one]))
  } catch (error) {
    if (isAwsError(error, 'TargetGroupNotFoundException', 'TargetGroupNotFound')) return new Map()
    throw error
  }
}

async function loadBalancerState(aws: Aws, arn: string): Promise<Group['loadBalancer']> {
  try {
    const answer = await aws.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }))
    return answer.LoadBalancers?.[0]?.State?.Code === 'failed' ? 'stopped' : 'running'
  } catch (error) {
    if (isAwsError(error, 'LoadBalancerNotFoundException', 'LoadBalancerNotFound')) return 'stopped'
    throw error
  }
}

async function machinesOf(aws: Aws, scalingName: string): Promise<Machine[]> {
  const found: Machine[] = []
  const Filters = [{ Name: 'tag:aws:autoscaling:groupName', Values: [scalingName] }]
  for await (const { Reservations = [] } of paginateDescribeInstances(
    { client: aws.ec2, pageSize: 1000 },
    { Filters },
  )) {
    found.push(...Reservations.flatMap(({ Instances = [] }) => Instances))
  }
  return found
}

async function learnReleases(aws: Aws, releases: ReleaseMemory, machines: readonly Machine[]): Promise<void> {
  const ids = new Set(machines.map(({ ImageId = '' }) => ImageId))
  const unknown = [...ids].filter((id) => id !== '' && !releases.has(id))
  if (unknown.length === 0) return
  const Filters = [{ Name: 'image-id', Values: unknown.slice(0, 200) }]
  for await (const { Images = [] } of paginateDescribeImages({ client: aws.ec2 }, { Filters })) {
    for (const { ImageId = '', Tags = [] } of Images) {
      const release = Tags.find(({ Key }) => Key === imageTags.release)?.Value
      if (release !== undefined) releases.set(ImageId, release)
    }
  }
  // An image that is gone, or is none of ours, is not asked for again.
  for (const id of unknown) if (!releases.has(id)) releases.set(id, 'unknown')
}

import { type AutoScalingGroup, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import { type Instance as Machine, paginateDescribeImages, paginateDescribeInstances } from '@aws-sdk/client-ec2'
import {
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Group } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import type { Stack } from '../cloudformation/states.ts'
import { isAwsError } from '../failures/failures.ts'
import { imageTags, type Names } from '../names.ts'
import { deletedBehindBack } from './broken-group.ts'
import { instanceOf, isGone, type View, whyAside } from './members.ts'
import { notesOf } from './notes.ts'
import { type GroupRecord, readRecord, wantedImageId } from './record.ts'

/** AWS's view of a group, and the `Group` made from it. */
export interface Observed {
  readonly group: Group
  readonly stack: Stack
  readonly record: GroupRecord
  readonly scaling: AutoScalingGroup
}

/** Releases by image id; they never change. */
export type ReleaseMemory = Map<string, string>

export interface Look {
  /** The service's URL, when not the load balancer's own name. */
  readonly url?: string | undefined
  readonly releases: ReleaseMemory
  /** Whether no verb of ours is running, so that the state of the network counts too. */
  readonly isAtRest?: boolean
}

/**
 * Reads a group; undefined when its service stack does not exist, was never completed or is being deleted. Throws
 * `failed` when only the Auto Scaling group is gone. Costs six calls, plus one per 1,000 instances beyond the first
 * 1,000, one at rest, and one when an image is seen for the first time.
 */
export async function observe(
  aws: Aws,
  names: Names,
  { url, releases, isAtRest = false }: Look,
): Promise<Observed | undefined> {
  const [stack, record = {}, network] = await Promise.all([
    describeStack(aws, names.serviceStack),
    readRecord(aws, names),
    isAtRest ? describeStack(aws, names.networkStack) : undefined,
  ])
  const scalingName = stack?.outputs['AutoScalingGroupName']
  if (stack === undefined || scalingName === undefined) return undefined
  const [scaling, health, balancer, machines] = await Promise.all([
    scalingGroup(aws, scalingName),
    targetHealth(aws, stack.outputs['TargetGroupArn'] ?? ''),
    loadBalancerState(aws, stack.outputs['LoadBalancerArn'] ?? ''),
    machinesOf(aws, scalingName),
  ])
  if (scaling === undefined) {
    if (stack.status.startsWith('DELETE_')) return undefined
    throw deletedBehindBack('Auto Scaling group', names.group)
  }
  const imageId = wantedImageId(stack, record)
  await learnReleases(aws, releases, [imageId, ...machines.map(({ ImageId = '' }) => ImageId)])
  const view = {
    machines: new Map(machines.map((one) => [one.InstanceId ?? '', one])),
    health: health ?? new Map(),
    releases,
    wantedImageId: imageId,
  }
  const group: Group = {
    name: names.group,
    imageId,
    ...(record.previousImageId === undefined ? {} : { previousImageId: record.previousImageId }),
    size: record.size ?? scaling.DesiredCapacity ?? 0,
    url: url ?? stack.outputs['Url'] ?? '',
    loadBalancer: health === undefined || isUnused(health) ? 'stopped' : balancer,
    ...(record.roll === undefined ? {} : { roll: record.roll }),
    ...(record.inPlace === undefined ? {} : { inPlace: record.inPlace }),
    ...membersOf(scaling, view),
    notes: notesOf(stack, record, isAtRest ? { names, network } : undefined),
  }
  return { group, stack, record, scaling }
}

/**
 * Members that count as capacity, and the others. Auto Scaling does not list the warm pool, but its machines carry the
 * group's name.
 */
function membersOf(scaling: AutoScalingGroup, view: View): Pick<Group, 'instances'> & Required<Pick<Group, 'aside'>> {
  const members = (scaling.Instances ?? []).filter((one) => !isGone(one))
  const known = new Set((scaling.Instances ?? []).map(({ InstanceId }) => InstanceId))
  const warm = scaling.WarmPoolConfiguration
    ? [...view.machines.values()].filter(({ InstanceId, State }) => !known.has(InstanceId) && !isEnding(State?.Name))
    : []
  const aside = [
    ...members.map((one) => ({ id: one.InstanceId ?? '', because: whyAside(one) ?? '' })),
    ...warm.map(({ InstanceId: id = '' }) => ({ id, because: 'in the warm pool' })),
  ]
  return {
    instances: members.filter((one) => whyAside(one) === undefined).map((one) => instanceOf(one, view)),
    aside: aside.filter(({ because }) => because !== ''),
  }
}

function isEnding(state = ''): boolean {
  return /^(shutting-down|terminated)$/.test(state)
}

/** Undefined without a name, and when the group was deleted. */
export async function scalingGroup(aws: Aws, name: string | undefined): Promise<AutoScalingGroup | undefined> {
  if (name === undefined) return undefined
  const answer = await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }))
  return answer.AutoScalingGroups?.[0]
}

async function targetHealth(
  aws: Aws,
  TargetGroupArn: string,
): Promise<Map<string, TargetHealthDescription> | undefined> {
  try {
    const answer = await aws.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
    return new Map((answer.TargetHealthDescriptions ?? []).map((one) => [one.Target?.Id ?? '', one]))
  } catch (error) {
    if (isAwsError(error, 'TargetGroupNotFoundException', 'TargetGroupNotFound')) return undefined
    throw error
  }
}

/** Whether no listener forwards to the target group any more. */
function isUnused(health: ReadonlyMap<string, TargetHealthDescription>): boolean {
  return health.size > 0 && [...health.values()].every((one) => one.TargetHealth?.Reason === 'Target.NotInUse')
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

async function learnReleases(aws: Aws, releases: ReleaseMemory, imageIds: readonly string[]): Promise<void> {
  const unknown = [...new Set(imageIds)].filter((id) => id !== '' && !releases.has(id))
  if (unknown.length === 0) return
  const Filters = [{ Name: 'image-id', Values: unknown.slice(0, 200) }]
  for await (const { Images = [] } of paginateDescribeImages({ client: aws.ec2 }, { Filters })) {
    for (const { ImageId = '', Tags = [] } of Images) {
      const release = Tags.find(({ Key }) => Key === imageTags.release)?.Value
      if (release !== undefined) releases.set(ImageId, release)
    }
  }
  // Do not ask again for an image that is gone or not ours.
  for (const id of unknown) if (!releases.has(id)) releases.set(id, 'unknown')
}

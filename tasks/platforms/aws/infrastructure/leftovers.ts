import { type Filter, paginateDescribeInstances, paginateDescribeTags } from '@aws-sdk/client-ec2'
import { paginateDescribeLoadBalancers, paginateDescribeTargetGroups } from '@aws-sdk/client-elastic-load-balancing-v2'
import { paginateGetResources, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { paginateDescribeParameters } from '@aws-sdk/client-ssm'
import type { Aws } from '../clients.ts'
import { describeStack } from '../cloudformation/stacks.ts'
import { groupTag, type Names, parameterRoot } from '../names.ts'

/**
 * Everything that exists of a group, in words: its stacks, its SSM parameters, and whatever carries its tag. Images and
 * snapshots do not belong to the group, and a lock belongs to the verb that holds it. The tagging API lists deleted
 * resources for up to an hour, so EC2 and the load balancers are asked for theirs. Everything else lives and dies with
 * its stack, except what the template retains: the bucket of a trail.
 */
export async function leftovers(aws: Aws, names: Names): Promise<string[]> {
  const [stacks, parameters, instances, tagged] = await Promise.all([
    stacksLeft(aws, names),
    parametersLeft(aws, names),
    instancesLeft(aws, names),
    taggedLeft(aws, names),
  ])
  return [...stacks, ...parameters, ...instances, ...tagged]
}

async function stacksLeft(aws: Aws, { networkStack, serviceStack, guardStack }: Names): Promise<string[]> {
  const found = await Promise.all([networkStack, serviceStack, guardStack].map((name) => describeStack(aws, name)))
  return found.flatMap((stack) => (stack ? [`stack ${stack.name} (${stack.status})`] : []))
}

async function parametersLeft(aws: Aws, { group, lockPath, secretPath }: Names): Promise<string[]> {
  const [own, secrets] = await Promise.all([
    parametersBelow(aws, `${parameterRoot}/${group}`),
    parametersBelow(aws, secretPath),
  ])
  const left = [...own.filter((name) => !name.startsWith(`${lockPath}/`)), ...secrets]
  return left.map((name) => `SSM parameter ${name}`)
}

async function parametersBelow(aws: Aws, path: string): Promise<string[]> {
  const found: string[] = []
  const ParameterFilters = [{ Key: 'Path', Option: 'Recursive', Values: [path] }]
  for await (const { Parameters = [] } of paginateDescribeParameters({ client: aws.ssm }, { ParameterFilters })) {
    found.push(...Parameters.map(({ Name = '' }) => Name))
  }
  return found
}

async function instancesLeft(aws: Aws, { group }: Names): Promise<string[]> {
  const left: string[] = []
  const states = ['pending', 'running', 'stopping', 'stopped']
  const Filters: Filter[] = [
    { Name: `tag:${groupTag}`, Values: [group] },
    { Name: 'instance-state-name', Values: states },
  ]
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: aws.ec2 }, { Filters })) {
    const instances = Reservations.flatMap(({ Instances = [] }) => Instances)
    left.push(...instances.map(({ InstanceId, State }) => `instance ${InstanceId} (${State?.Name})`))
  }
  return left
}

async function taggedLeft(aws: Aws, { group }: Names): Promise<string[]> {
  const client = aws.open(ResourceGroupsTaggingAPIClient)
  const TagFilters = [{ Key: groupTag, Values: [group] }]
  const arns: string[] = []
  for await (const { ResourceTagMappingList = [] } of paginateGetResources({ client }, { TagFilters })) {
    arns.push(...ResourceTagMappingList.map(({ ResourceARN = '' }) => ResourceARN))
  }
  const suspects = arns.filter((arn) => resourceInWords(arn) !== undefined)
  const inEc2 = suspects.some(isOf('ec2')) ? await taggedInEc2(aws, group) : new Set<string>()
  const balancers = suspects.some(isOf('elasticloadbalancing')) ? await balancersThere(aws) : new Set<string>()
  const left = suspects.filter(
    (arn) => balancers.has(arn) || (isOf('ec2')(arn) && inEc2.has(arn.split('/').at(-1) ?? '')),
  )
  return left.flatMap((arn) => resourceInWords(arn) ?? []).sort()
}

/** The ARNs of the account's load balancers and target groups. */
async function balancersThere({ elb }: Aws): Promise<Set<string>> {
  const arns = new Set<string>()
  for await (const { LoadBalancers = [] } of paginateDescribeLoadBalancers({ client: elb }, {})) {
    for (const { LoadBalancerArn = '' } of LoadBalancers) arns.add(LoadBalancerArn)
  }
  for await (const { TargetGroups = [] } of paginateDescribeTargetGroups({ client: elb }, {})) {
    for (const { TargetGroupArn = '' } of TargetGroups) arns.add(TargetGroupArn)
  }
  return arns
}

async function taggedInEc2(aws: Aws, group: string): Promise<Set<string>> {
  const Filters: Filter[] = [
    { Name: 'key', Values: [groupTag] },
    { Name: 'value', Values: [group] },
  ]
  const ids = new Set<string>()
  for await (const { Tags = [] } of paginateDescribeTags({ client: aws.ec2 }, { Filters })) {
    for (const { ResourceId = '' } of Tags) ids.add(ResourceId)
  }
  return ids
}

function isOf(service: string): (arn: string) => boolean {
  return (arn) => arn.split(':')[2] === service
}

/** `ec2 security-group/sg-1`; undefined for what does not belong to the group or is listed elsewhere. */
export function resourceInWords(arn: string): string | undefined {
  const [, , service = '', , , ...rest] = arn.split(':')
  const resource = rest.join(':')
  const isAskedElsewhere = service === 'cloudformation' || service === 'ssm' || /^instance\//.test(resource)
  const isAnImage = service === 'ec2' && /^(image|snapshot)\//.test(resource)
  return isAskedElsewhere || isAnImage || resource === '' ? undefined : `${service} ${resource}`
}

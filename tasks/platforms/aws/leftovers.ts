import { type Filter, paginateDescribeInstances, paginateDescribeTags } from '@aws-sdk/client-ec2'
import { paginateGetResources, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { paginateDescribeParameters } from '@aws-sdk/client-ssm'
import type { Aws } from './clients.ts'
import { groupTag, type Names, parameterRoot } from './names.ts'
import { describeStack } from './stacks.ts'

/**
 * Everything that is there of a group, in words: its stacks, its SSM parameters, and whatever carries its tag. Images and
 * snapshots are not the group's, and a lock goes with the verb that holds it. The tagging API remembers what is gone for up to
 * an hour, so EC2 is asked for its own: an instance by its state, anything else by its tags.
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

async function parametersLeft(aws: Aws, { group, lockPath }: Names): Promise<string[]> {
  const left: string[] = []
  const ParameterFilters = [{ Key: 'Path', Option: 'Recursive', Values: [`${parameterRoot}/${group}`] }]
  for await (const { Parameters = [] } of paginateDescribeParameters({ client: aws.ssm }, { ParameterFilters })) {
    const names = Parameters.map(({ Name = '' }) => Name).filter((name) => !name.startsWith(`${lockPath}/`))
    left.push(...names.map((name) => `SSM parameter ${name}`))
  }
  return left
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
  const existing = suspects.some(isOfEc2) ? await taggedInEc2(aws, group) : new Set()
  const left = suspects.filter((arn) => !isOfEc2(arn) || existing.has(arn.split('/').at(-1) ?? ''))
  return left.flatMap((arn) => resourceInWords(arn) ?? []).sort()
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

function isOfEc2(arn: string): boolean {
  return arn.split(':')[2] === 'ec2'
}

/** `ec2 security-group/sg-1` for a resource of the group; undefined for what is none, or is asked for otherwise. */
export function resourceInWords(arn: string): string | undefined {
  const [, , service = '', , , ...rest] = arn.split(':')
  const resource = rest.join(':')
  const isAskedElsewhere = service === 'cloudformation' || service === 'ssm' || /^instance\//.test(resource)
  const isAnImage = service === 'ec2' && /^(image|snapshot)\//.test(resource)
  return isAskedElsewhere || isAnImage || resource === '' ? undefined : `${service} ${resource}`
}

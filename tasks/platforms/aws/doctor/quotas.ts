import {
  DescribeAddressesCommand,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2'
import { paginateDescribeLoadBalancers } from '@aws-sdk/client-elastic-load-balancing-v2'
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas'
import { OperatorError } from '../../../lib/errors.ts'
import type { Finding } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { raiseQuota, vcpuQuota } from '../failures/launch-hints.ts'
import { groupTag } from '../names.ts'

/** Usage of one of the account's regional quotas, and how much more a group needs. */
export interface Quota {
  readonly name: string
  readonly service: string
  readonly code: string
  readonly used: number
  readonly needed: number
}

/** Checks whether the account's quotas leave room for the group. Requests no increase; the hints do. */
export async function quotaFindings(aws: Aws, group: string): Promise<Finding[]> {
  const quotas = await usage(aws, group)
  const client = aws.open(ServiceQuotasClient)
  try {
    return await Promise.all(quotas.map(async (quota) => judgeQuota(quota, await limitOf(client, quota))))
  } catch (error) {
    if (!(error instanceof OperatorError) || !isAwsError(error, 'AccessDenied')) throw error
    const used = quotas.map(({ name, used }) => `${name} ${used} used`).join(', ')
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return [{ name: 'quotas', status: 'warn', found: `unknown (${error.message}); ${used}`, ...hint }]
  }
}

export function judgeQuota({ name, service, code, used, needed }: Quota, limit: number): Finding {
  const found = `${used} of ${limit} used`
  if (limit - used >= needed) return { name: `quota of ${name}`, status: 'ok', found }
  const hint = raiseQuota(service, code, used + needed)
  return { name: `quota of ${name}`, status: 'fail', found: `${found}, ${needed} more needed`, hint }
}

/**
 * Current usage. A new group needs a VPC, a load balancer and three small instances, one of them for a roll; a deployed
 * group needs room for a builder or one more instance. None of our templates uses an Elastic IP address.
 */
async function usage(aws: Aws, group: string): Promise<Quota[]> {
  const [vcpus, addresses, vpcs, balancers] = await Promise.all([
    standardVcpus(aws),
    aws.ec2.send(new DescribeAddressesCommand({})),
    vpcsOf(aws),
    applicationLoadBalancers(aws),
  ])
  const isDeployed = vpcs.some(({ Tags = [] }) => Tags.some(({ Key, Value }) => Key === groupTag && Value === group))
  const forNew = isDeployed ? 0 : 1
  return [
    { name: 'vCPUs', service: 'ec2', code: vcpuQuota, used: vcpus, needed: isDeployed ? 2 : 6 },
    {
      name: 'Elastic IP addresses',
      service: 'ec2',
      code: 'L-0263D0A3',
      used: addresses.Addresses?.length ?? 0,
      needed: 0,
    },
    { name: 'VPCs', service: 'vpc', code: 'L-F678F1CE', used: vpcs.length, needed: forNew },
    { name: 'load balancers', service: 'elasticloadbalancing', code: 'L-53DA6B97', used: balancers, needed: forNew },
  ]
}

/** The account's value, or AWS's default when it was never changed. */
async function limitOf(client: ServiceQuotasClient, { service, code }: Quota): Promise<number> {
  const which = { ServiceCode: service, QuotaCode: code }
  try {
    return (await client.send(new GetServiceQuotaCommand(which))).Quota?.Value ?? 0
  } catch (error) {
    if (!isAwsError(error, 'NoSuchResourceException')) throw error
    return (await client.send(new GetAWSDefaultServiceQuotaCommand(which))).Quota?.Value ?? 0
  }
}

/** Counts towards "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances". */
async function standardVcpus(aws: Aws): Promise<number> {
  const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'shutting-down'] }]
  const vcpus = await all(paginateDescribeInstances({ client: aws.ec2 }, { Filters }), ({ Reservations = [] }) =>
    Reservations.flatMap(({ Instances = [] }) => Instances.filter(isStandardOnDemand).map(vcpusOf)),
  )
  return vcpus.reduce((sum, one) => sum + one, 0)
}

function isStandardOnDemand({ InstanceLifecycle, InstanceType }: Instance): boolean {
  return InstanceLifecycle === undefined && /^([acmrtzdhi]|im|is)\d/.test(InstanceType ?? '')
}

function vcpusOf({ CpuOptions: { CoreCount = 1, ThreadsPerCore = 2 } = {} }: Instance): number {
  return CoreCount * ThreadsPerCore
}

function vpcsOf(aws: Aws) {
  return all(paginateDescribeVpcs({ client: aws.ec2 }, {}), ({ Vpcs = [] }) => Vpcs)
}

async function applicationLoadBalancers(aws: Aws): Promise<number> {
  const found = await all(
    paginateDescribeLoadBalancers({ client: aws.elb }, {}),
    ({ LoadBalancers = [] }) => LoadBalancers,
  )
  return found.filter(({ Type }) => Type === 'application').length
}

async function all<Page, Item>(pages: AsyncIterable<Page>, itemsOf: (page: Page) => Item[]): Promise<Item[]> {
  const found: Item[] = []
  for await (const page of pages) found.push(...itemsOf(page))
  return found
}

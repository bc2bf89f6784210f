import { setTimeout as sleep } from 'node:timers/promises'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  waitUntilSecurityGroupExists,
} from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { AwsSettings } from '../../../settings/aws-settings.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { imageTags } from '../names.ts'

/** What the security group of a bake depends on. */
export interface BuilderGroupTask {
  readonly bakeId: string
  readonly vpcId: string
  readonly callerCidr: string
  readonly settings: Pick<AwsSettings, 'builderInterface' | 'packerVariables'>
}

/** Gives the VPC that builders start in; throws a usage error when there is none. */
export async function builderVpc(
  aws: Aws,
  settings: Pick<AwsSettings, 'builderSubnetId' | 'packerVariables'>,
): Promise<string> {
  const subnetId = settings.packerVariables.get('subnet_id') ?? settings.builderSubnetId
  return subnetId ? vpcOfSubnet(aws, subnetId) : defaultVpc(aws)
}

async function defaultVpc(aws: Aws): Promise<string> {
  const Filters = [{ Name: 'is-default', Values: ['true'] }]
  const { Vpcs = [] } = await aws.ec2.send(new DescribeVpcsCommand({ Filters }))
  const id = Vpcs[0]?.VpcId
  if (id !== undefined) return id
  throw new OperatorError('usage', `there is no default VPC in ${await aws.region()} for the builder`, {
    hint: 'BAKEROLL_AWS_BUILDER_SUBNET_ID=subnet-..., a public subnet of a network of yours',
  })
}

async function vpcOfSubnet(aws: Aws, subnetId: string): Promise<string> {
  const isMissing = async (cause?: unknown) =>
    new OperatorError('usage', `aws.builderSubnetId: there is no ${subnetId} in ${await aws.region()}`, { cause })
  const { Subnets = [] } = await aws.ec2
    .send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }))
    .catch(async (cause) => {
      if (!isAwsError(cause, 'InvalidSubnetID.NotFound', 'InvalidSubnetId.Malformed')) throw cause
      throw await isMissing(cause)
    })
  const id = Subnets[0]?.VpcId
  if (id === undefined) throw await isMissing()
  return id
}

/**
 * Makes the security group `bakeroll-BAKEID` for every machine of a bake and gives its id. Nobody may come in yet. It carries
 * the tag of the bake from the first, which Packer 1.6 cannot give to one of its own. Makes none, `undefined`, where
 * `aws.packerVariables` tell Packer about groups.
 */
export async function makeBuilderGroup(ec2: EC2Client, task: BuilderGroupTask): Promise<string | undefined> {
  const { bakeId, vpcId, settings } = task
  const { packerVariables } = settings
  if (packerVariables.has('security_group_ids')) return undefined
  if (packerVariables.has('temporary_security_group_source_cidrs')) return undefined
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `bakeroll-${bakeId}`,
      Description: 'Temporary group of a bake by bakeroll',
      VpcId: vpcId,
      TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: imageTags.bake, Value: bakeId }] }],
    }),
  )
  return GroupId
}

/** Lets nobody into a new group but the caller, to SSH. Through Session Manager nobody needs to come in. */
export async function letCallerIn(ec2: EC2Client, GroupId: string, task: BuilderGroupTask): Promise<void> {
  const { callerCidr, settings } = task
  await waitUntilSecurityGroupExists({ client: ec2, maxWaitTime: 60, minDelay: 1 }, { GroupIds: [GroupId] })
  if (settings.builderInterface === 'session_manager') return
  const port = Number(settings.packerVariables.get('ssh_port') ?? 22)
  const IpRanges = [{ CidrIp: callerCidr, Description: 'SSH from the computer that bakes' }]
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges }]
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
}

/** Removes a security group, gone or not; waits up to a minute for a network interface that outlives its machine. */
export async function removeGroup(ec2: EC2Client, GroupId: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId }))
      return
    } catch (error) {
      if (isAwsError(error, 'InvalidGroup.NotFound')) return
      if (!isAwsError(error, 'DependencyViolation') || tries >= 20) throw error
      await sleep(3000)
    }
  }
}

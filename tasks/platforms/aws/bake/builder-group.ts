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

export interface BuilderGroupTask {
  readonly bakeId: string
  readonly vpcId: string
  readonly callerCidr: string
  readonly settings: Pick<AwsSettings, 'builderInterface' | 'packerVariables'>
}

/** Returns the VPC that builders start in; throws a usage error when there is none. */
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
    hint: 'BAKEROLL_AWS_BUILDER_SUBNET_ID=subnet-..., a public subnet of one of your networks',
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
 * Creates the security group `bakeroll-BAKEID` for all machines of a bake and returns its id. It admits nobody yet. It
 * is created with the bake's tag, which Packer 1.6 cannot do for a group of its own. Returns `undefined` when
 * `aws.packerVariables` configure groups for Packer.
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

/** Admits only the caller, only to SSH. Session Manager needs no ingress. */
export async function letCallerIn(ec2: EC2Client, GroupId: string, task: BuilderGroupTask): Promise<void> {
  const { callerCidr, settings } = task
  await waitUntilSecurityGroupExists({ client: ec2, maxWaitTime: 60, minDelay: 1 }, { GroupIds: [GroupId] })
  if (settings.builderInterface === 'session_manager') return
  const port = Number(settings.packerVariables.get('ssh_port') ?? 22)
  const IpRanges = [{ CidrIp: callerCidr, Description: 'SSH from the computer that bakes' }]
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges }]
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
}

/** Deletes a security group if it exists; waits up to a minute for a network interface that outlives its machine. */
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

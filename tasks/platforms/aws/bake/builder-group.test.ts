import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2'
import t from 'tap'
import { awsSettings } from '../../../../test/aws/settings.ts'
import type { Aws } from '../clients.ts'
import { builderVpc, letCallerIn, makeBuilderGroup } from './builder-group.ts'

/** An EC2 that gives the same answer to everything, and what it was asked. */
function ec2Answering(answer: object) {
  const asked: { constructor: unknown; input: object }[] = []
  const send = async (command: { constructor: unknown; input: object }) => {
    asked.push(command)
    return answer
  }
  return { aws: { ec2: { send }, region: async () => 'eu-central-1' } as unknown as Aws, asked }
}

const run = { bakeId: '0badcafe', vpcId: 'vpc-1', callerCidr: '203.0.113.7/32' }

t.test('the VPC is that of the subnet, else the default one', async (t) => {
  const { aws, asked } = ec2Answering({ Vpcs: [{ VpcId: 'vpc-default' }], Subnets: [{ VpcId: 'vpc-own' }] })
  t.equal(await builderVpc(aws, awsSettings()), 'vpc-default')
  t.equal(await builderVpc(aws, awsSettings({ builderSubnetId: 'subnet-1' })), 'vpc-own')
  const packerVariables = new Map([['subnet_id', 'subnet-2']])
  t.equal(await builderVpc(aws, awsSettings({ builderSubnetId: 'subnet-1', packerVariables })), 'vpc-own')
  t.match(asked.at(-1), new DescribeSubnetsCommand({ SubnetIds: ['subnet-2'] }), 'as Packer is told')
})

t.test('without a default VPC a subnet is asked for', async (t) => {
  await t.rejects(builderVpc(ec2Answering({ Vpcs: [] }).aws, awsSettings()), {
    kind: 'usage',
    message: 'there is no default VPC in eu-central-1 for the builder',
    hint: 'BAKEROLL_AWS_BUILDER_SUBNET_ID=subnet-..., a public subnet of one of your networks',
  })
})

t.test('the group has the tag of its bake from the first', async (t) => {
  const { aws, asked } = ec2Answering({ GroupId: 'sg-1' })
  t.equal(await makeBuilderGroup(aws.ec2, { ...run, settings: awsSettings() }), 'sg-1')
  t.ok(asked[0] instanceof CreateSecurityGroupCommand)
  t.match(asked[0]?.input, {
    GroupName: 'bakeroll-0badcafe',
    VpcId: 'vpc-1',
    TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'bakeroll:bake', Value: '0badcafe' }] }],
  })
})

t.test('none is made where Packer is told about groups', async (t) => {
  for (const name of ['security_group_ids', 'temporary_security_group_source_cidrs']) {
    const { aws, asked } = ec2Answering({})
    const settings = awsSettings({ packerVariables: new Map([[name, '["x"]']]) })
    t.equal(await makeBuilderGroup(aws.ec2, { ...run, settings }), undefined)
    t.strictSame(asked, [])
  }
})

t.test('the caller alone may come in, to SSH', async (t) => {
  const { aws, asked } = ec2Answering({ SecurityGroups: [{}] })
  await letCallerIn(aws.ec2, 'sg-1', { ...run, settings: awsSettings() })
  const [rule, ...others] = asked.filter((one) => one instanceof AuthorizeSecurityGroupIngressCommand)
  const IpRanges = [{ CidrIp: '203.0.113.7/32', Description: 'SSH from the computer that bakes' }]
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges }]
  t.strictSame([rule?.input, others], [{ GroupId: 'sg-1', IpPermissions }, []])
})

t.test('through Session Manager nobody needs to come in', async (t) => {
  const { aws, asked } = ec2Answering({ SecurityGroups: [{}] })
  await letCallerIn(aws.ec2, 'sg-1', { ...run, settings: awsSettings({ builderInterface: 'session_manager' }) })
  t.ok(asked.length > 0 && asked.every((one) => one instanceof DescribeSecurityGroupsCommand))
})

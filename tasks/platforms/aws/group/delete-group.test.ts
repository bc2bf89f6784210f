// needs: .venv/moto
import t from 'tap'
import {
  answer,
  group,
  machine,
  machines,
  member,
  refusal,
  scaling,
  scalingGroup,
  serviceStack,
  suspended,
} from '../../../../test/aws/group-answers.ts'
import { type RecordedAnswer, startRecorded } from '../../../../test/aws/recorded.ts'
import { quiet } from '../../../../test/aws/settings.ts'
import { openAws } from '../clients.ts'
import { namesOf } from '../names.ts'
import { deleteGroup, terminateMember, terminateOrphan } from './delete-group.ts'
import { removeOrphanedNetwork } from './orphaned-network.ts'
import { unblockDeletion } from './unblock-deletion.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())
const aws = openAws({ region: undefined, profile: undefined })
const names = namesOf(group.name)

/** What was asked for that changes something: the operation, and its input without the group's name. */
function changes(): unknown[] {
  return server.requests.flatMap(({ operation, input: { AutoScalingGroupName: _, ...rest } }) =>
    /^(Describe|Get)/.test(operation) ? [] : [[operation, rest]],
  )
}

const unblocking = [
  'DeleteWarmPool',
  'ResumeProcesses',
  'UpdateAutoScalingGroup',
  'ExitStandby',
  'SetInstanceProtection',
].map((operation) => answer(`autoscaling:${operation}`, operation === 'ExitStandby' ? { Activities: [] } : {}))

t.test('warm pool, standby and protection are freed before the group is deleted', async (t) => {
  await server.play(unblocking)
  const held = [
    ...[member('i-0a1'), member('i-0s1', 'Standby'), member('i-0p1', 'InService', { ProtectedFromScaleIn: true })],
    ...[member('i-0s2', 'Standby', { ProtectedFromScaleIn: true }), member('i-0e1', 'EnteringStandby')],
  ]
  const more = { ...suspended('Terminate', 'AZRebalance'), WarmPoolConfiguration: { PoolState: 'Stopped' } }
  await unblockDeletion(aws, scalingGroup(held, { ...more, DesiredCapacity: 3 } as object))
  t.same(changes(), [
    ['DeleteWarmPool', { ForceDelete: true }],
    ['ResumeProcesses', { ScalingProcesses: ['Terminate'] }],
    ['UpdateAutoScalingGroup', { MaxSize: 5 }],
    ['ExitStandby', { InstanceIds: ['i-0s1', 'i-0s2'] }],
    ['SetInstanceProtection', { InstanceIds: ['i-0p1', 'i-0s2'], ProtectedFromScaleIn: false }],
  ])
})

t.test('a group that nothing holds is left as it is, a pool that is being deleted, too', async (t) => {
  await server.play(unblocking)
  await unblockDeletion(aws, scalingGroup([member('i-0a1')], { WarmPoolConfiguration: { Status: 'PendingDelete' } }))
  t.same(changes(), [])
})

t.test('as many at once as AWS takes', async (t) => {
  await server.play(unblocking)
  const ids = Array.from({ length: 60 }, (_, index) => `i-0${index}`)
  await unblockDeletion(aws, scalingGroup(ids.map((id) => member(id, 'InService', { ProtectedFromScaleIn: true }))))
  t.same(
    server.requests.map(({ input }) => (input['InstanceIds'] as string[]).length),
    [50, 10],
  )
})

t.test('what was freed is freed before any stack is deleted', async (t) => {
  const denied = refusal('cloudformation:DescribeStacks', 'AccessDenied', 'no', { StackName: names.guardStack })
  const held = scaling([member('i-0p1', 'InService', { ProtectedFromScaleIn: true })])
  await server.play([...unblocking, denied, serviceStack(), held])
  await t.rejects(deleteGroup(aws, names, quiet))
  t.match(changes(), [['SetInstanceProtection', { InstanceIds: ['i-0p1'] }]])
})

const noStack = refusal('cloudformation:DescribeStacks', 'ValidationError', 'Stack with id x does not exist')
const nothingTagged = [
  answer('ec2:DescribeRouteTables', { RouteTables: [] }),
  answer('ec2:DescribeInternetGateways', { InternetGateways: [] }),
  answer('ec2:DescribeVpcs', { Vpcs: [] }),
]

t.test('where only a record is left, it goes', async (t) => {
  const noSecrets = answer('ssm:DescribeParameters', { Parameters: [] })
  await server.play([noStack, ...nothingTagged, noSecrets, answer('ssm:DeleteParameters')])
  await deleteGroup(aws, names, quiet)
  t.same(changes(), [['DeleteParameters', { Names: ['/bakeroll/shop/record'] }]])
})

t.test(
  'what a network left behind goes in an order that AWS takes, also when some of it is gone by then',
  async (t) => {
    const Associations = [
      { Main: false, RouteTableAssociationId: 'rtbassoc-1' },
      { Main: true, RouteTableAssociationId: 'rtbassoc-0' },
    ]
    const left: RecordedAnswer[] = [
      answer('ec2:DescribeRouteTables', { RouteTables: [{ RouteTableId: 'rtb-1', Associations }] }),
      answer('ec2:DescribeInternetGateways', {
        InternetGateways: [{ InternetGatewayId: 'igw-1', Attachments: [{ VpcId: 'vpc-1' }] }],
      }),
      answer('ec2:DescribeVpcs', { Vpcs: [{ VpcId: 'vpc-1' }] }),
    ]
    const order = [
      ['DisassociateRouteTable', { AssociationId: 'rtbassoc-1' }],
      ['DeleteRouteTable', { RouteTableId: 'rtb-1' }],
      ['DetachInternetGateway', { InternetGatewayId: 'igw-1', VpcId: 'vpc-1' }],
      ['DeleteInternetGateway', { InternetGatewayId: 'igw-1' }],
      ['DeleteVpc', { VpcId: 'vpc-1' }],
    ] as const
    await server.play([...left, ...order.map(([operation]) => answer(`ec2:${operation}`))])
    await removeOrphanedNetwork(aws, names)
    t.same(changes(), order)
    for (const { operation, input } of server.requests.filter((one) => one.operation.startsWith('Describe'))) {
      t.match(input, { Filters: [{ Name: 'tag:bakeroll:group', Values: ['shop'] }] }, operation)
    }
    const codes: Record<string, string> = {
      DisassociateRouteTable: 'InvalidAssociationID.NotFound',
      DeleteRouteTable: 'InvalidRouteTableID.NotFound',
      DetachInternetGateway: 'Gateway.NotAttached',
      DeleteInternetGateway: 'InvalidInternetGatewayID.NotFound',
      DeleteVpc: 'InvalidVpcID.NotFound',
    }
    await server.play([...left, ...order.map(([one]) => refusal(`ec2:${one}`, codes[one] ?? '', 'gone'))])
    await removeOrphanedNetwork(aws, names)
    const inUse = refusal(
      'ec2:DeleteVpc',
      'DependencyViolation',
      "The vpc 'vpc-1' has dependencies and cannot be deleted.",
    )
    await server.play([...left, inUse, ...order.map(([operation]) => answer(`ec2:${operation}`))])
    await t.rejects(removeOrphanedNetwork(aws, names), { kind: 'failed', message: /vpc-1/ })
  },
)

t.test('a permission that is missing for what a stack left is named with its resource', async (t) => {
  const words =
    'You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ann is not authorized to perform: ec2:DeleteVpc because no identity-based policy allows the ec2:DeleteVpc action.'
  const forbidden = refusal('ec2:DeleteVpc', 'UnauthorizedOperation', words)
  const vpc = answer('ec2:DescribeVpcs', { Vpcs: [{ VpcId: 'vpc-1' }] })
  const none = nothingTagged.filter(({ operation }) => operation !== 'DescribeVpcs')
  const said =
    /^vpc-1: DeleteVpc: .*User: arn:aws:iam::123456789012:user\/ann is not authorized to perform: ec2:DeleteVpc/
  await server.play([noStack, ...none, vpc, forbidden])
  await t.rejects(deleteGroup(aws, names, quiet), { message: said, hint: /^npm run doctor/, isLasting: true })

  const network = { StackName: names.networkStack }
  const Stacks = [
    { ...network, StackId: 'arn:network', CreationTime: '2026-01-01T00:00:00Z', StackStatus: 'DELETE_FAILED' },
  ]
  const there = [network, { StackName: 'arn:network' }].map((one) =>
    answer('cloudformation:DescribeStacks', { Stacks }, one),
  )
  const protectedStack = refusal('cloudformation:DeleteStack', 'ValidationError', 'TerminationProtection is enabled')
  const events = answer('cloudformation:DescribeStackEvents', { StackEvents: [] })
  const absent = [names.serviceStack, names.guardStack].map((StackName) => ({ ...noStack, input: { StackName } }))
  await server.play([...absent, ...there, events, protectedStack, ...none, vpc, forbidden])
  await t.rejects(deleteGroup(aws, names, quiet), {
    message:
      /^stack bakeroll-shop-network is protected against deletion; vpc-1: DeleteVpc: .* is not authorized to perform/,
    hint: /^aws cloudformation update-termination-protection[^\n]*\nnpm run doctor/,
  })
  const inUse = refusal(
    'ec2:DeleteVpc',
    'DependencyViolation',
    "The vpc 'vpc-1' has dependencies and cannot be deleted.",
  )
  await server.play([...absent, ...there, events, protectedStack, ...none, vpc, inUse])
  await t.rejects(deleteGroup(aws, names, quiet), { message: /is protected against deletion$/ }, 'anything else is not')
})

t.test('an orphan is terminated when it carries the tag of the group, and nothing else is', async (t) => {
  const tagged = (value: string) => ({ Tags: [{ Key: 'bakeroll:group', Value: value }] })
  const table: [string, RecordedAnswer, boolean][] = [
    ['ours', machines([machine('i-0x', 'running', tagged('shop'))]), true],
    ['ours, stopped', machines([machine('i-0x', 'stopped', tagged('shop'))]), true],
    ['ours, ended', machines([machine('i-0x', 'terminated', tagged('shop'))]), false],
    ["another group's", machines([machine('i-0x', 'running', tagged('other'))]), false],
    ["nobody's", machines([machine('i-0x')]), false],
    ['none', refusal('ec2:DescribeInstances', 'InvalidInstanceID.NotFound', 'no such instance'), false],
    ['forgotten', answer('ec2:DescribeInstances', { Reservations: [] }), false],
  ]
  for (const [name, found, isEnded] of table) {
    await server.play([found, answer('ec2:TerminateInstances')])
    await terminateOrphan(aws, names, 'i-0x')
    t.same(changes(), isEnded ? [['TerminateInstances', { InstanceIds: ['i-0x'] }]] : [], name)
  }
})

t.test('a member that Auto Scaling let go meanwhile is an orphan', async (t) => {
  const words = 'Instance Id not found - No managed instance found for instance ID: i-0x'
  const gone = refusal('autoscaling:TerminateInstanceInAutoScalingGroup', 'ValidationError', words)
  await server.play([gone, machines([])])
  await terminateMember(aws, names, 'i-0x')
  t.ok(server.requests.some(({ operation }) => operation === 'DescribeInstances'))
  const minimum =
    "Currently, desiredSize equals minSize (2). Terminating instance without replacement will violate group's min size constraint."
  await server.play([{ ...gone, error: { code: 'ValidationError', message: minimum } }])
  await t.rejects(terminateMember(aws, names, 'i-0x'), { message: /min size constraint/ })
})

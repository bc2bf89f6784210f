// needs: .venv/moto
import {
  DescribeInstanceRefreshesCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { DescribeInstancesCommand, RunInstancesCommand } from '@aws-sdk/client-ec2'
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { GetParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm'
import t from 'tap'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { awsMessage, isAwsError } from '../../tasks/platforms/aws/failures/failures.ts'
import { type RecordedAnswer, recorded, startRecorded } from './recorded.ts'
import { impossibilities, recordedNames } from './recorded-answer.ts'
import { readBotocore } from './recorded-model.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
const aws = openAws({ region: undefined, profile: undefined })
t.teardown(() => server.stop())

const source = 'https://docs.aws.amazon.com/'
const group = { AutoScalingGroupName: 'g' }
const of = (service: string, operation: string, rest: Partial<RecordedAnswer>): RecordedAnswer => ({
  service,
  operation,
  source,
  ...rest,
})

const untagged = of('resourcegroupstaggingapi', 'GetResources', {
  output: {
    ResourceTagMappingList: [{ ResourceARN: 'arn:aws:ssm:::x', ComplianceDetails: { ComplianceStatus: true } }],
  },
})

interface Examples {
  readonly examples: Record<string, { id: string; input?: object; output?: object }[]>
}

for (const name of await recordedNames()) {
  t.test(`AWS could say ${name}`, async (t) => {
    const answer = await recorded(name)
    t.same(await impossibilities(answer), [])
    const [, service = '', id] = /^botocore:([\w-]+)\/examples-1\.json#(.+)$/.exec(answer.source) ?? []
    if (id === undefined) return t.match(answer.source, /^https:\/\/\S+$/)
    const { examples } = (await readBotocore(service, 'examples-1')) as Examples
    t.equal(service, answer.service)
    t.same(answer.output, examples[answer.operation]?.find((one) => one.id === id)?.output)
  })
}

t.test('what AWS could not say is found', async (t) => {
  const refresh = (change: object) =>
    of('autoscaling', 'DescribeInstanceRefreshes', { output: { InstanceRefreshes: [change] } })
  const table: [RecordedAnswer, RegExp][] = [
    [refresh({ Status: 'Sleeping' }), /\[0\]\.Status: "Sleeping" is none of Pending, InProgress/],
    [refresh({ PercentageComplete: 101 }), /PercentageComplete: 101 is not within 0 to 100/],
    [refresh({ PercentageComplete: '1' }), /PercentageComplete: expected a whole number/],
    [refresh({ StartTime: 'soon' }), /StartTime: expected a time/],
    [refresh({ Preferences: { SkipMatching: 'yes' } }), /SkipMatching: expected true or false/],
    [refresh({ Preferences: [] }), /Preferences: expected a structure/],
    [refresh({ StatusReason: 'x'.repeat(1024) }), /StatusReason: 1024 is not within 1 to 1023/],
    [refresh({ Colour: 'red' }), /Colour: unknown/],
    [of('autoscaling', 'DescribeInstanceRefreshes', { output: { InstanceRefreshes: {} } }), /expected a list/],
    [of('autoscaling', 'DescribeInstanceRefreshes', {}), /expected either output or error/],
    [of('autoscaling', 'DescribeTheMoon', { output: {} }), /no operation DescribeTheMoon/],
    [
      of('autoscaling', 'UpdateAutoScalingGroup', { output: { Id: '1' } }),
      /UpdateAutoScalingGroup output: no shape of no/,
    ],
    [
      of('autoscaling', 'StartInstanceRefresh', { error: { code: 'ActiveInstanceRefreshNotFound', message: '' } }),
      /StartInstanceRefresh knows no error ActiveInstanceRefreshNotFound/,
    ],
    [
      of('autoscaling', 'StartInstanceRefresh', { input: { Preferences: { MinHealthyPercentage: -1 } }, output: {} }),
      /input\.Preferences\.MinHealthyPercentage: -1 is not within 0 to 100/,
    ],
    [of('ssm', 'GetParameters', { output: { Parameters: [{ Name: '' }] } }), /Name: 0 is not within 1/],
  ]
  for (const [answer, problem] of table) t.match((await impossibilities(answer)).join('\n'), problem)
  await t.rejects(server.play([refresh({ Status: 'Sleeping' })]), { message: /^AWS could not say so: .*Sleeping/ })
})

t.test('the client reads an answer off the wire, and its request comes out as it was sent', async (t) => {
  await server.play([
    'refreshes-described',
    'refresh-started',
    of('autoscaling', 'UpdateAutoScalingGroup', { output: {} }),
  ])
  const { InstanceRefreshes: refreshes } = await aws.autoScaling.send(
    new DescribeInstanceRefreshesCommand({ ...group, MaxRecords: 10 }),
  )
  t.match(refreshes, [
    {
      Status: 'InProgress',
      PercentageComplete: 50,
      StartTime: new Date('2023-06-13T16:46:52Z'),
      Preferences: { AutoRollback: true, SkipMatching: false, AlarmSpecification: { Alarms: ['my-alarm'] } },
    },
    { Status: 'Successful', EndTime: new Date('2023-06-02T13:59:45Z') },
  ])
  const Preferences = {
    CheckpointPercentages: [20, 100],
    SkipMatching: true,
    AlarmSpecification: { Alarms: ['a & <b>'] },
  }
  const DesiredConfiguration = { LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '7' } }
  await aws.autoScaling.send(new StartInstanceRefreshCommand({ ...group, Preferences, DesiredConfiguration }))
  await aws.autoScaling.send(new UpdateAutoScalingGroupCommand({ ...group, MaxSize: 3 }))
  t.same(server.requests, [
    { service: 'autoscaling', operation: 'DescribeInstanceRefreshes', input: { ...group, MaxRecords: 10 } },
    {
      service: 'autoscaling',
      operation: 'StartInstanceRefresh',
      input: { ...group, Preferences, DesiredConfiguration },
    },
    { service: 'autoscaling', operation: 'UpdateAutoScalingGroup', input: { ...group, MaxSize: 3 } },
  ])
})

t.test("EC2's and SSM's protocols", async (t) => {
  const Tags = [{ Key: 'a', Value: '<1> & 2' }]
  const Instances = [
    { InstanceId: 'i-1', LaunchTime: '2026-01-02T03:04:05.000Z', Tags, EbsOptimized: false, AmiLaunchIndex: 0 },
  ]
  const Parameters = [{ Name: '/a', Value: '"x"', Version: 2, LastModifiedDate: '2026-01-02T03:04:05.500Z' }]
  await server.play([
    of('ec2', 'DescribeInstances', { output: { Reservations: [{ Instances }] } }),
    of('ec2', 'RunInstances', {
      error: { code: 'InsufficientInstanceCapacity', message: 'There is no room' },
    }),
    of('ssm', 'GetParameters', { output: { Parameters, InvalidParameters: ['/b'] } }),
    of('ssm', 'PutParameter', { error: { code: 'ParameterAlreadyExists', message: 'It is there' } }),
  ])
  const Filters = [{ Name: 'tag:a', Values: ['1', '2'] }]
  t.match(await aws.ec2.send(new DescribeInstancesCommand({ Filters, InstanceIds: ['i-1'] })), {
    Reservations: [{ Instances: [{ ...Instances[0], LaunchTime: new Date('2026-01-02T03:04:05Z') }] }],
  })
  const run = new RunInstancesCommand({ MinCount: 1, MaxCount: 2, ImageId: 'ami-1' })
  const refusal = await aws.ec2.send(run).catch((error) => error)
  t.ok(isAwsError(refusal, 'InsufficientInstanceCapacity'))
  t.equal(awsMessage(refusal), 'There is no room')
  t.match(await aws.ssm.send(new GetParametersCommand({ Names: ['/a', '/b'] })), {
    Parameters: [{ ...Parameters[0], LastModifiedDate: new Date('2026-01-02T03:04:05.500Z') }],
    InvalidParameters: ['/b'],
  })
  const put = await aws.ssm.send(new PutParameterCommand({ Name: '/a', Value: '1' })).catch((error) => error)
  t.ok(isAwsError(put, 'ParameterAlreadyExists'))
  t.match(server.requests, [
    { operation: 'DescribeInstances', input: { Filters, InstanceIds: ['i-1'] } },
    { operation: 'RunInstances', input: { MinCount: 1, MaxCount: 2, ImageId: 'ami-1' } },
    { operation: 'GetParameters', input: { Names: ['/a', '/b'] } },
    { operation: 'PutParameter', input: { Name: '/a', Value: '1' } },
  ])
})

t.test('maps, there and back', async (t) => {
  const iam = aws.open(IAMClient)
  const EvalDecisionDetails = { 'Identity-based': 'allowed' }
  const EvaluationResults = [{ EvalActionName: 'ec2:RunInstances', EvalDecision: 'allowed', EvalDecisionDetails }]
  await server.play([of('iam', 'SimulatePrincipalPolicy', { output: { EvaluationResults } }), untagged])
  const ask = new SimulatePrincipalPolicyCommand({
    PolicySourceArn: 'arn:aws:iam::123456789012:role/r',
    ActionNames: ['a:b'],
  })
  t.match(await iam.send(ask), { EvaluationResults })
  const tags = { TagFilters: [{ Key: 'bakeroll:group', Values: ['g'] }] }
  t.match(await aws.open(ResourceGroupsTaggingAPIClient).send(new GetResourcesCommand(tags)), {
    ResourceTagMappingList: [{ ResourceARN: 'arn:aws:ssm:::x', ComplianceDetails: { ComplianceStatus: true } }],
  })
  t.match(server.requests[1], { operation: 'GetResources', input: tags })
})

t.test('a request that the model does not allow is refused', async (t) => {
  await server.play(['refresh-started'])
  const Preferences = { MaxHealthyPercentage: 201 }
  const refusal = await aws.autoScaling.send(new StartInstanceRefreshCommand({ ...group, Preferences })).catch((e) => e)
  t.ok(isAwsError(refusal, 'ValidationError'))
  t.match(awsMessage(refusal), /Preferences\.MaxHealthyPercentage: 201 is not within 100 to 200/)
})

t.test('answers come in their order, by what was asked, and throttling is ridden out', async (t) => {
  const named = (InstanceRefreshId: string, input: object) =>
    of('autoscaling', 'StartInstanceRefresh', { input, output: { InstanceRefreshId } })
  const [a, b] = [{ AutoScalingGroupName: 'a' }, { AutoScalingGroupName: 'b' }]
  const throttled = of('autoscaling', 'StartInstanceRefresh', {
    input: a,
    error: { code: 'Throttling', message: 'Rate exceeded' },
  })
  await server.play([throttled, named('a1', a), named('b1', b), named('a2', a)])
  const ids: (string | undefined)[] = []
  for (const one of [b, a, a, a]) {
    ids.push((await aws.autoScaling.send(new StartInstanceRefreshCommand(one))).InstanceRefreshId)
  }
  t.same(ids, ['b1', 'a1', 'a2', 'a2'])
  t.equal(server.requests.length, 5)
})

t.test('a request without an answer is refused, or goes elsewhere', async (t) => {
  await server.play(['refresh-started'])
  const names = new GetParametersCommand({ Names: ['/a'] })
  t.ok(isAwsError(await aws.ssm.send(names).catch((error) => error), 'NotRecorded'))
  const describe = new DescribeInstanceRefreshesCommand(group)
  t.match(awsMessage(await aws.autoScaling.send(describe).catch((error) => error)), /for DescribeInstanceRefreshes/)
  t.ok(isAwsError(await aws.ec2.send(new DescribeInstancesCommand({})).catch((error) => error), 'NotRecorded'))
  const other = await startRecorded([
    of('ssm', 'GetParameters', { output: { Parameters: [{ Name: '/a', Value: 'there' }] } }),
  ])
  const front = await startRecorded(['refresh-started'], { elsewhere: other.url })
  t.teardown(() => Promise.all([other.stop(), front.stop()]))
  process.env['AWS_ENDPOINT_URL'] = front.url
  t.match(await openAws({ region: undefined, profile: undefined }).ssm.send(names), {
    Parameters: [{ Value: 'there' }],
  })
  t.same([front.requests.length, other.requests.length], [0, 1])
})

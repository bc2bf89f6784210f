// needs: .venv/moto
import t from 'tap'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { detectDrift } from '../../tasks/platforms/aws/cloudformation/drift.ts'
import { planStack } from '../../tasks/platforms/aws/cloudformation/plan.ts'
import { deleteStack, describeStack, updateParameters } from '../../tasks/platforms/aws/cloudformation/stacks.ts'
import { stackStates } from '../../tasks/platforms/aws/cloudformation/states.ts'
import { templateIn } from '../../tasks/platforms/aws/cloudformation/template.ts'
import { recordingProgress } from '../../tasks/terminal/progress.ts'
import { type RecordedAnswer, startRecorded } from './recorded.ts'
import {
  answer,
  change,
  changeSet,
  events,
  noStack,
  refused,
  stackId,
  stackIn,
  stackName,
  type Told,
} from './stack-answers.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())

const template = templateIn(
  `
Parameters:
  ImageId: {Type: String}
  MinSize: {Type: Number, Default: 2}
  Fresh: {Type: String, Default: new}
  Password: {Type: String, NoEcho: true, Default: ''}
Resources:
  Topic: {Type: AWS::SNS::Topic}
`,
  'service',
)
const spec = { name: stackName, template, parameters: { ImageId: 'ami-2' }, tags: { 'bakeroll:group': 'shop' } }
const quick = [5, 20] as const

/** The clients over recorded answers, as if it were AWS itself. */
async function play(...answers: (RecordedAnswer | RecordedAnswer[])[]) {
  await server.play(answers.flat())
  return openAws({ region: undefined, profile: undefined })
}

const asked = (operation: string) =>
  server.requests.filter((one) => one.operation === operation).map(({ input }) => input)
const operations = () => server.requests.map(({ operation }) => operation)
const done = (...names: string[]) => names.map((name) => answer(name, {}))

t.test('a plan of a new stack reads a change set to its last page, and is taken back without a trace', async (t) => {
  const aws = await play(
    { ...noStack, input: { StackName: stackName } },
    changeSet({ Status: 'CREATE_IN_PROGRESS', ExecutionStatus: 'UNAVAILABLE' }),
    changeSet({ Changes: [change('Add', 'Topic', 'AWS::SNS::Topic')], NextToken: 'more' })[1] ?? [],
    {
      ...(changeSet({ Changes: [change('Add', 'Role', 'AWS::IAM::Role')] })[1] as RecordedAnswer),
      input: { NextToken: 'more' },
    },
    { ...stackIn('REVIEW_IN_PROGRESS'), input: { StackName: stackId } },
    answer('ListChangeSets', { Summaries: [] }),
    done('DeleteChangeSet', 'DeleteStack'),
    events(['REVIEW_IN_PROGRESS']),
    events(['REVIEW_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'DELETE_COMPLETE']),
  )
  const plan = await planStack(aws, spec)
  t.same(plan.lines, ['+ Topic (AWS::SNS::Topic)', '+ Role (AWS::IAM::Role)'])
  t.match(plan, { isEmpty: false, isNew: true, dangers: [], warnings: [] })
  t.match(asked('CreateChangeSet'), [
    {
      ChangeSetType: 'CREATE',
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Tags: [{ Key: 'bakeroll:group', Value: 'shop' }],
      Parameters: [
        { ParameterKey: 'ImageId', ParameterValue: 'ami-2' },
        { ParameterKey: 'MinSize', ParameterValue: '2' },
        { ParameterKey: 'Fresh', ParameterValue: 'new' },
        { ParameterKey: 'Password', ParameterValue: '' },
      ],
    },
  ])
  await plan.discard()
  await plan.discard()
  t.equal(asked('DeleteChangeSet').length, 1)
  t.match(asked('DeleteStack'), [{ StackName: stackId }])
})

t.test("a stack that others have planned, too, outlives the end of one's own plan", async (t) => {
  const other = { ChangeSetId: 'arn:of-another', StackId: stackId }
  const aws = await play(
    { ...noStack, input: { StackName: stackName } },
    changeSet({ Changes: [change('Add', 'Topic', 'AWS::SNS::Topic')] }),
    { ...stackIn('REVIEW_IN_PROGRESS'), input: { StackName: stackId } },
    answer('ListChangeSets', { Summaries: [other] }),
    done('DeleteChangeSet'),
  )
  await (await planStack(aws, spec)).discard()
  t.same(asked('DeleteStack'), [])
})

const standing = stackIn('UPDATE_COMPLETE', { ImageId: 'ami-1', MinSize: '3', Password: '****' })

t.test('an update keeps what is not given, and shows which parameters change', async (t) => {
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Modify', 'Topic', 'AWS::SNS::Topic', { Replacement: 'True' })] }),
  )
  const plan = await planStack(aws, { ...spec, parameters: { ImageId: 'ami-2', Password: 'very secret' } })
  t.match(asked('CreateChangeSet'), [
    {
      ChangeSetType: 'UPDATE',
      Parameters: [
        { ParameterKey: 'ImageId', ParameterValue: 'ami-2' },
        { ParameterKey: 'MinSize', UsePreviousValue: true },
        { ParameterKey: 'Fresh', ParameterValue: 'new' },
        { ParameterKey: 'Password', ParameterValue: 'very secret' },
      ],
    },
  ])
  t.same(plan.lines, [
    '~ parameter ImageId: ami-1 -> ami-2',
    '~ parameter Password',
    '! Topic (AWS::SNS::Topic): replaced',
  ])
  t.same(plan.dangers, ['replaces Topic (AWS::SNS::Topic)'])
})

t.test('nothing to change is an empty plan, and no change set stays', async (t) => {
  const StatusReason =
    "The submitted information didn't contain changes. Submit different information to create a change set."
  const aws = await play(
    standing,
    changeSet({ Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE', StatusReason }),
    answer('DescribeEvents', { OperationEvents: [] }),
    done('DeleteChangeSet'),
  )
  const plan = await planStack(aws, { ...spec, parameters: { ImageId: 'ami-1' } })
  t.match(plan, { isEmpty: true, lines: [] })
  t.equal(asked('DeleteChangeSet').length, 1)
  t.match(await plan.apply({}), { name: stackName, outputs: { Url: 'http://shop' } })
  t.notOk(operations().includes('ExecuteChangeSet'))

  await play(standing, refused('CreateChangeSet', 'ValidationError', 'No updates are to be performed.'))
  t.match(await planStack(aws, spec), { isEmpty: true })
})

t.test('a change set without changes of resources is one all the same', async (t) => {
  const aws = await play(standing, changeSet())
  const plan = await planStack(aws, { ...spec, parameters: {} })
  t.match(plan, { isEmpty: false, lines: ['~ outputs or descriptions'] })
})

t.test('a parameter that CloudFormation does not take is wrong usage, in its words', async (t) => {
  const words = 'Parameters: [InstanceTyp] do not exist in the template'
  const aws = await play(standing, refused('CreateChangeSet', 'ValidationError', words))
  await t.rejects(planStack(aws, { ...spec, parameters: { InstanceTyp: 't3.micro' } }), {
    kind: 'usage',
    message: `CreateChangeSet: ${words} (ValidationError)`,
    hint: /^cloudformation\/\*\.yaml/,
  })
  t.match(asked('CreateChangeSet'), [
    { Parameters: [{}, {}, {}, {}, { ParameterKey: 'InstanceTyp', ParameterValue: 't3.micro' }] },
  ])
})

t.test("what CloudFormation cannot work out is refused with its reason and its validation's findings", async (t) => {
  const aws = await play(
    standing,
    changeSet({ Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE', StatusReason: 'Validation of 1 resource failed.' }),
    answer('DescribeEvents', {
      OperationEvents: [{ ValidationPath: '/Resources/Topic', ValidationStatusReason: 'Topic has that name already' }],
    }),
    done('DeleteChangeSet'),
  )
  await t.rejects(planStack(aws, spec), {
    kind: 'refused',
    message: `stack ${stackName}: CloudFormation rejects the changes: Validation of 1 resource failed.\n  /Resources/Topic: Topic has that name already`,
  })
  t.equal(asked('DeleteChangeSet').length, 1)
})

t.test('a parameter without a value is a wrong usage, before anything is made', async (t) => {
  const aws = await play(noStack)
  await t.rejects(planStack(aws, { ...spec, parameters: {} }), {
    kind: 'usage',
    message: /needs values for its parameters ImageId/,
  })
  t.same(operations(), ['DescribeStacks'])
})

const begun = 'bakeroll-deploy-5f1d'

t.test('every state of a stack: what a deploy does, and what a destroy does', async (t) => {
  for (const [status, { condition, deletion, words }] of Object.entries(stackStates)) {
    if (condition === 'gone') continue
    const history = events(
      ['UPDATE_IN_PROGRESS', ['Topic', 'AWS::SNS::Topic', 'UPDATE_FAILED', 'Throttled'], status],
      begun,
    )
    const aws = await play(
      stackIn(status, { ImageId: 'ami-1', MinSize: '3', Password: '' }),
      changeSet({ Changes: [change('Add', 'Topic', 'AWS::SNS::Topic')] }),
      history,
    )
    const planned = await planStack(aws, spec).catch((error) => error)
    if (condition === 'ready' || condition === 'review-only') {
      t.match(asked('CreateChangeSet'), [{ ChangeSetType: condition === 'ready' ? 'UPDATE' : 'CREATE' }], status)
    } else if (condition === 'failed-create') {
      t.match(
        planned.lines,
        [`- leftovers of its failed creation (${status})`, '+ all of cloudformation/service.yaml'],
        status,
      )
      t.notOk(operations().includes('CreateChangeSet'), status)
    } else {
      t.equal(planned.kind, 'refused', status)
      t.match(planned.message, `stack ${stackName} ${words}`)
      t.match(
        planned.message,
        condition === 'busy' ? 'since 2026-11-21 12:03:11 UTC, by a bakeroll deploy' : 'Topic: Throttled',
      )
      t.match(
        planned.hint,
        { busy: /wait/, stuck: /^aws cloudformation \S+ --stack-name/, 'half-deleted': /npm run destroy/ }[condition],
        status,
      )
    }
    if (deletion !== 'refuse') continue
    await play(stackIn(status), history)
    await t.rejects(deleteStack(aws, stackName), { kind: 'refused', message: new RegExp(`${status}`) })
    t.notOk(operations().includes('DeleteStack'), status)
  }
})

/** Events of an operation as they come in, look by look. */
function story(before: Told[], ...looks: Told[][]): RecordedAnswer[] {
  return [events(before), ...looks.map((_, index) => events([...before, ...looks.slice(0, index + 1).flat()]))]
}

const topic = (status: string, reason?: string): Told =>
  reason ? ['Topic', 'AWS::SNS::Topic', status, reason] : ['Topic', 'AWS::SNS::Topic', status]

t.test('a change set is carried out, and each resource is told once', async (t) => {
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Modify', 'Topic', 'AWS::SNS::Topic')] }),
    done('ExecuteChangeSet'),
    // The first look comes before the first event: the state of the stack is still that of the update before.
    story(
      ['UPDATE_COMPLETE'],
      [],
      ['UPDATE_IN_PROGRESS', topic('UPDATE_IN_PROGRESS')],
      [topic('UPDATE_COMPLETE'), 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'],
      ['UPDATE_COMPLETE'],
    ),
  )
  const progress = recordingProgress()
  const stack = await (await planStack(aws, spec)).apply({ progress, pollMs: quick })
  t.same(progress.lines, ['updated Topic (SNS::Topic)'])
  t.equal(stack.outputs['Url'], 'http://shop')
  t.match(asked('ExecuteChangeSet'), [{ ClientRequestToken: /^bakeroll-deploy-[a-z0-9-]+$/ }])
})

t.test('a plan that somebody else has overtaken is refused', async (t) => {
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Modify', 'Topic', 'AWS::SNS::Topic')] }),
    events(['UPDATE_COMPLETE']),
    refused(
      'ExecuteChangeSet',
      'InvalidChangeSetStatus',
      'ChangeSet cannot be executed in its current status of [OBSOLETE]',
    ),
  )
  await t.rejects((await planStack(aws, spec)).apply({ pollMs: quick }), {
    kind: 'refused',
    message: /changed by somebody/,
  })
})

t.test('a change set that is never begun is noticed', async (t) => {
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Modify', 'Topic', 'AWS::SNS::Topic')] }),
    changeSet({ ExecutionStatus: 'EXECUTE_FAILED', StatusReason: 'A hook said no' })[1] ?? [],
    events(['UPDATE_COMPLETE']),
    done('ExecuteChangeSet'),
  )
  await t.rejects((await planStack(aws, spec)).apply({ pollMs: quick }), { kind: 'refused', message: /A hook said no/ })
})

t.test('a failed update goes back: what served still serves', async (t) => {
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Modify', 'Topic', 'AWS::SNS::Topic')] }),
    done('ExecuteChangeSet'),
    story(
      ['UPDATE_COMPLETE'],
      ['UPDATE_IN_PROGRESS', topic('UPDATE_FAILED', 'Access denied')],
      ['UPDATE_ROLLBACK_IN_PROGRESS', topic('UPDATE_COMPLETE'), 'UPDATE_ROLLBACK_COMPLETE'],
    ),
  )
  const progress = recordingProgress()
  await t.rejects((await planStack(aws, spec)).apply({ progress, pollMs: quick }), {
    kind: 'put-back',
    message: `stack ${stackName} could not be updated: Topic (SNS::Topic): Access denied; the stack is as it was before`,
  })
  t.same(progress.lines.slice(0, 2), [
    'failed to update Topic (SNS::Topic): Access denied',
    `warning: stack ${stackName} is being rolled back: no reason given`,
  ])
})

const group = 'AWS::AutoScaling::AutoScalingGroup'

t.test('a failed creation is cleared away; the failure tells the cause and what lies behind it', async (t) => {
  const reason = 'Group did not stabilize.'
  const aws = await play(
    { ...noStack, input: { StackName: stackName } },
    changeSet({ Changes: [change('Add', 'Group', group)] }),
    done('ExecuteChangeSet', 'DeleteStack'),
    story(
      ['REVIEW_IN_PROGRESS'],
      ['CREATE_IN_PROGRESS', ['Group', group, 'CREATE_IN_PROGRESS']],
      [
        ['Group', group, 'CREATE_FAILED', reason, 'shop-group'],
        ['Topic', 'AWS::SNS::Topic', 'CREATE_FAILED', 'Resource creation cancelled'],
        'ROLLBACK_IN_PROGRESS',
      ],
      ['ROLLBACK_COMPLETE'],
      [],
      ['DELETE_IN_PROGRESS', 'DELETE_COMPLETE'],
    ),
    { ...stackIn('ROLLBACK_COMPLETE'), input: { StackName: stackId } },
    answer('DescribeStackResources', {
      StackResources: [
        {
          LogicalResourceId: 'Group',
          PhysicalResourceId: 'shop-group',
          ResourceType: group,
          Timestamp: '2026-11-21T12:00:00Z',
          ResourceStatus: 'CREATE_FAILED',
        },
        {
          LogicalResourceId: 'Targets',
          PhysicalResourceId: 'arn:targets',
          ResourceType: 'AWS::ElasticLoadBalancingV2::TargetGroup',
          Timestamp: '2026-11-21T12:00:00Z',
          ResourceStatus: 'CREATE_COMPLETE',
        },
      ],
    }),
    {
      service: 'autoscaling',
      operation: 'DescribeScalingActivities',
      source: 'https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html',
      output: {
        Activities: [
          {
            ActivityId: 'a1',
            AutoScalingGroupName: 'shop-group',
            StartTime: '2026-11-21T12:00:00Z',
            Progress: 100,
            StatusCode: 'Failed',
            Cause: 'At 2026-11-21T12:00:00Z an instance was started',
            Description: 'Launching a new EC2 instance',
            StatusMessage: 'The requested configuration is currently not supported. Launching EC2 instance failed.',
          },
        ],
      },
    },
    {
      service: 'elbv2',
      operation: 'DescribeTargetHealth',
      source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html',
      output: {
        TargetHealthDescriptions: [
          {
            Target: { Id: 'i-0598c7d356eba48d7', Port: 80 },
            TargetHealth: {
              State: 'unhealthy',
              Reason: 'Target.ResponseCodeMismatch',
              Description: 'Health checks failed with these codes: [502]',
            },
          },
        ],
      },
    },
    {
      service: 'ec2',
      operation: 'GetConsoleOutput',
      input: { InstanceId: 'i-0598c7d356eba48d7' },
      source: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html',
      output: {
        InstanceId: 'i-0598c7d356eba48d7',
        Output: Buffer.from('boot\nnginx: no such file\n').toString('base64'),
      },
    },
  )
  const failure = await (await planStack(aws, spec)).apply({ pollMs: quick }).catch((error) => error)
  t.equal(failure.kind, 'failed')
  t.equal(
    failure.message,
    `stack ${stackName} could not be created: Group (AutoScaling::AutoScalingGroup): ${reason}; its resources were removed`,
  )
  t.same(failure.hint.split('\n'), [
    'behind it:',
    '  scaling: The requested configuration is currently not supported',
    '  target i-0598c7d356eba48d7 is unhealthy: Target.ResponseCodeMismatch: Health checks failed with these codes: [502]',
    '  the console of i-0598c7d356eba48d7 ends with:',
    '    boot',
    '    nginx: no such file',
  ])
  t.match(asked('DeleteStack'), [{ StackName: stackId }])
})

t.test('an interruption leaves the stack to itself and says so', async (t) => {
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Modify', 'Topic', 'AWS::SNS::Topic')] }),
    done('ExecuteChangeSet'),
    story(['UPDATE_COMPLETE'], ['UPDATE_IN_PROGRESS', topic('UPDATE_IN_PROGRESS')]),
  )
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 100)
  await t.rejects((await planStack(aws, spec)).apply({ signal: controller.signal, pollMs: quick }), {
    kind: 'interrupted',
    message: `deploy interrupted; CloudFormation continues with stack ${stackName}`,
  })
})

t.test('a time limit names what is in progress, and the record that a certificate waits for', async (t) => {
  const certificate = 'AWS::CertificateManager::Certificate'
  const waits = 'Content of DNS Record is: {Name: _a1.time.example.org.,Type: CNAME,Value: _b2.acm-validations.aws.}'
  const aws = await play(
    standing,
    changeSet({ Changes: [change('Add', 'Certificate', certificate)] }),
    done('ExecuteChangeSet'),
    story(['UPDATE_COMPLETE'], ['UPDATE_IN_PROGRESS', ['Certificate', certificate, 'CREATE_IN_PROGRESS', waits]]),
  )
  const progress = recordingProgress()
  await t.rejects((await planStack(aws, spec)).apply({ progress, timeoutSeconds: 0.1, pollMs: quick }), {
    kind: 'failed',
    message: `stack ${stackName} not finished after 0.1 s; in progress: Certificate (${certificate})`,
    hint: "its certificate is waiting for the DNS record _a1.time.example.org. CNAME _b2.acm-validations.aws.: add it to the domain's zone",
  })
  t.same(progress.lines, ['Certificate waits for the DNS record _a1.time.example.org. CNAME _b2.acm-validations.aws.'])
})

t.test('parameters alone: template and all the others stay', async (t) => {
  const aws = await play(
    standing,
    done('UpdateStack'),
    story(['CREATE_COMPLETE'], ['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE']),
  )
  t.equal(await updateParameters(aws, stackName, { ImageId: 'ami-9' }, { pollMs: quick }), 'updated')
  t.match(asked('UpdateStack'), [
    {
      UsePreviousTemplate: true,
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      ClientRequestToken: /^bakeroll-roll-/,
      Parameters: [
        { ParameterKey: 'MinSize', UsePreviousValue: true },
        { ParameterKey: 'Password', UsePreviousValue: true },
        { ParameterKey: 'ImageId', ParameterValue: 'ami-9' },
      ],
    },
  ])
  t.notOk(JSON.stringify(asked('UpdateStack')).includes('****'))
  await play(
    standing,
    events(['CREATE_COMPLETE']),
    refused('UpdateStack', 'ValidationError', 'No updates are to be performed.'),
  )
  t.equal(await updateParameters(aws, stackName, { ImageId: 'ami-1' }), 'unchanged')
  await play(
    standing,
    done('UpdateStack'),
    story(['CREATE_COMPLETE'], ['UPDATE_IN_PROGRESS', topic('UPDATE_FAILED', 'Throttled'), 'UPDATE_ROLLBACK_COMPLETE']),
  )
  await t.rejects(updateParameters(aws, stackName, { ImageId: 'ami-9' }, { pollMs: quick }), {
    kind: 'put-back',
    message: /Topic \(SNS::Topic\): Throttled/,
  })
  await play(noStack)
  await t.rejects(updateParameters(aws, stackName, { ImageId: 'ami-9' }), {
    kind: 'refused',
    message: `there is no stack ${stackName}`,
  })
})

t.test('a deletion is waited for, also one that was begun before', async (t) => {
  const aws = await play(
    stackIn('CREATE_COMPLETE'),
    done('DeleteStack'),
    story(['CREATE_COMPLETE'], ['DELETE_IN_PROGRESS'], ['DELETE_COMPLETE']),
  )
  t.equal(await deleteStack(aws, stackName, { pollMs: quick }), 'deleted')
  await play(
    stackIn('DELETE_IN_PROGRESS'),
    events(['CREATE_COMPLETE', 'DELETE_IN_PROGRESS']),
    events(['CREATE_COMPLETE', 'DELETE_IN_PROGRESS', 'DELETE_COMPLETE']),
  )
  t.equal(await deleteStack(aws, stackName, { pollMs: quick }), 'deleted')
  t.notOk(operations().includes('DeleteStack'))
  await play(
    stackIn('ROLLBACK_IN_PROGRESS'),
    done('DeleteStack'),
    events(['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS']),
    events(['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE']),
    story(
      ['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE'],
      ['DELETE_IN_PROGRESS', 'DELETE_COMPLETE'],
    ),
  )
  t.equal(await deleteStack(aws, stackName, { pollMs: quick }), 'deleted')
  t.equal(asked('DeleteStack').length, 1)
  await play(noStack)
  t.equal(await deleteStack(aws, stackName), 'absent')
})

t.test('a deletion that fails names the resource; a protected stack is refused', async (t) => {
  const held: Told = [
    'Vpc',
    'AWS::EC2::VPC',
    'DELETE_FAILED',
    "The vpc 'vpc-1' has dependencies and cannot be deleted.",
  ]
  const aws = await play(
    stackIn('CREATE_COMPLETE'),
    done('DeleteStack'),
    story(['CREATE_COMPLETE'], ['DELETE_IN_PROGRESS', held, 'DELETE_FAILED']),
  )
  await t.rejects(deleteStack(aws, stackName, { pollMs: quick }), {
    kind: 'failed',
    message: `stack ${stackName} could not be deleted: Vpc (EC2::VPC): The vpc 'vpc-1' has dependencies and cannot be deleted.`,
  })
  const words = `Stack [${stackName}] cannot be deleted while TerminationProtection is enabled`
  await play(stackIn('CREATE_COMPLETE'), events(['CREATE_COMPLETE']), refused('DeleteStack', 'ValidationError', words))
  await t.rejects(deleteStack(aws, stackName), { kind: 'refused', message: /is protected against deletion/ })
})

t.test('a stack that is deleted counts as absent', async (t) => {
  const aws = await play(stackIn('DELETE_COMPLETE'))
  t.equal(await describeStack(aws, stackName), undefined)
})

const detection = (DetectionStatus: string, more: object = {}) =>
  answer('DescribeStackDriftDetectionStatus', {
    StackId: stackId,
    StackDriftDetectionId: 'd1',
    DetectionStatus,
    Timestamp: '2026-11-21T12:00:00Z',
    ...more,
  })
const drifted = (id: string, ResourceType: string, StackResourceDriftStatus: string, more: object = {}) => ({
  StackId: stackId,
  LogicalResourceId: id,
  PhysicalResourceId: `${id}-1`,
  ResourceType,
  StackResourceDriftStatus,
  Timestamp: '2026-11-21T12:00:00Z',
  ...more,
})

t.test('drift: a line for each property, to the last page', async (t) => {
  const rule = {
    PropertyPath: '/SecurityGroupIngress/1',
    ExpectedValue: 'null',
    ActualValue: '{"CidrIp":"0.0.0.0/0"}',
    DifferenceType: 'ADD',
  }
  const flag = {
    PropertyPath: '/EnableDnsSupport',
    ExpectedValue: 'true',
    ActualValue: 'false',
    DifferenceType: 'NOT_EQUAL',
  }
  const gone = { PropertyPath: '/Tags/0', ExpectedValue: '{"Key":"a"}', ActualValue: 'null', DifferenceType: 'REMOVE' }
  const aws = await play(
    standing,
    answer('DetectStackDrift', { StackDriftDetectionId: 'd1' }),
    detection('DETECTION_IN_PROGRESS'),
    detection('DETECTION_COMPLETE', { StackDriftStatus: 'DRIFTED' }),
    answer('DescribeStackResourceDrifts', {
      StackResourceDrifts: [
        drifted('Sg', 'AWS::EC2::SecurityGroup', 'MODIFIED', { PropertyDifferences: [rule, gone] }),
        drifted('Topic', 'AWS::SNS::Topic', 'DELETED'),
      ],
      NextToken: 'more',
    }),
    answer(
      'DescribeStackResourceDrifts',
      { StackResourceDrifts: [drifted('Vpc', 'AWS::EC2::VPC', 'MODIFIED', { PropertyDifferences: [flag] })] },
      { NextToken: 'more' },
    ),
  )
  t.same(await detectDrift(aws, stackName), [
    `${stackName}: Sg (EC2::SecurityGroup) Sg-1: /SecurityGroupIngress/1 {"CidrIp":"0.0.0.0/0"} was added`,
    `${stackName}: Sg (EC2::SecurityGroup) Sg-1: /Tags/0 {"Key":"a"} was removed`,
    `${stackName}: Topic (SNS::Topic) Topic-1 was deleted`,
    `${stackName}: Vpc (EC2::VPC) Vpc-1: /EnableDnsSupport is false, not true`,
  ])
})

t.test('drift that cannot be told, wholly or in part', async (t) => {
  const begin = answer('DetectStackDrift', { StackDriftDetectionId: 'd1' })
  const why = { DetectionStatusReason: 'Failed to detect drift on resources [Role]' }
  const aws = await play(standing, begin, detection('DETECTION_FAILED', why))
  await t.rejects(detectDrift(aws, stackName), {
    kind: 'failed',
    message: /Failed to detect drift on resources \[Role\]/,
  })
  await play(
    standing,
    begin,
    detection('DETECTION_FAILED', { ...why, StackDriftStatus: 'IN_SYNC' }),
    answer('DescribeStackResourceDrifts', { StackResourceDrifts: [] }),
  )
  t.same(await detectDrift(aws, stackName), [
    `${stackName}: not all resources could be checked: ${why.DetectionStatusReason}`,
  ])
  await play(standing, begin, detection('DETECTION_IN_PROGRESS'))
  await t.rejects(detectDrift(aws, stackName, { timeoutSeconds: 0.1 }), {
    kind: 'failed',
    message: /has not finished after 0.1 s/,
  })
  await play(noStack)
  t.same(await detectDrift(aws, stackName), [])
})

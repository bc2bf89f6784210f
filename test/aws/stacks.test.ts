// needs: aws, .venv/moto
import { readFile, writeFile } from 'node:fs/promises'
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import { CreateStackCommand, DescribeStacksCommand, ListChangeSetsCommand } from '@aws-sdk/client-cloudformation'
import { CreateTagsCommand, CreateVolumeCommand, DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import t from 'tap'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { deleteStack, describeStack, updateParameters } from '../../tasks/platforms/aws/cloudformation/stacks.ts'
import { templateFolder } from '../../tasks/platforms/aws/cloudformation/template.ts'
import { openInfrastructure } from '../../tasks/platforms/aws/infrastructure/infrastructure.ts'
import { leftovers } from '../../tasks/platforms/aws/infrastructure/leftovers.ts'
import { outputsFile } from '../../tasks/platforms/aws/infrastructure/outputs.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import type { Settings } from '../../tasks/settings/settings.ts'
import { recordingProgress } from '../../tasks/terminal/progress.ts'
import { registerImage } from './image.ts'
import { startMoto } from './moto.ts'
import { awsSettings } from './settings.ts'

const moto = await startMoto()
Object.assign(process.env, moto.env)
t.teardown(moto.stop)
const aws = openAws({ region: undefined, profile: undefined })
const imageId = await registerImage(aws, '1.0.0')
const second = await registerImage(aws, '1.1.0')
const home = t.testdir()
const names = namesOf('shop')

const plan = (given: Partial<Settings['aws']> = {}, size = 2) =>
  openInfrastructure({ aws, names, home, settings: awsSettings(given) }).plan({ imageId, size })
const changeSets = async () =>
  (await aws.cloudFormation.send(new ListChangeSetsCommand({ StackName: names.networkStack }))).Summaries ?? []
const total = () => [...aws.calls.values()].reduce((sum, one) => sum + one, 0)
const parametersOf = async (name: string) => (await describeStack(aws, name))?.parameters ?? {}

t.test('what is not for the operator to set is told at once, before the first call', async (t) => {
  const before = new Map(aws.calls)
  const networkParameters = new Map([['Group', 'other']])
  const serviceParameters = new Map([
    ['ImageId', 'ami-1'],
    ['VpcId', 'vpc-12345678'],
  ])
  await t.rejects(
    plan({ networkParameters, serviceParameters, guardParameters: new Map([['LoadBalancerArn', 'x']]) }),
    {
      kind: 'usage',
      message: [
        'aws.networkParameters.Group: bakeroll sets it',
        'aws.serviceParameters.ImageId: --image sets it',
        'aws.serviceParameters.VpcId: the network stack provides it',
        'aws.guardParameters.LoadBalancerArn: the service stack provides it',
      ].join('\n'),
    },
  )
  t.same(new Map(aws.calls), before)
})

t.test(
  "CloudFormation's refusal of a parameter is wrong usage, also of a stack that needs another first",
  async (t) => {
    const hint = /^cloudformation\/\*\.yaml/
    const cases: [given: Partial<Settings['aws']>, message: RegExp][] = [
      [
        { networkParameters: new Map([['ZoneCount', '4']]) },
        /Parameter ZoneCount failed to satisfy constraint: 2 or 3 \(ValidationError\)$/,
      ],
      [{ networkParameters: new Map([['Zones', '2']]) }, /Parameters: \[Zones\] do not exist in the template/],
      [{ serviceParameters: new Map([['InstanceType', 'big one']]) }, /Parameter InstanceType failed to satisfy/],
      [{ serviceParameters: new Map([['MinSize', '-1']]) }, /Parameter MinSize failed to satisfy/],
      [
        { serviceParameters: new Map([['DomainName', 'time.example.org']]) },
        /DomainName needs HostedZoneId or CertificateArn/,
      ],
      [{ guard: true, guardParameters: new Map([['Trail', 'perhaps']]) }, /Parameter Trail failed to satisfy/],
    ]
    // Clients that have changed nothing yet, as those of a verb at its beginning.
    const fresh = openAws({ region: undefined, profile: undefined })
    for (const [given, message] of cases) {
      const { plan } = openInfrastructure({ aws: fresh, names, home, settings: awsSettings(given) })
      await t.rejects(plan({ imageId, size: 2 }), { kind: 'usage', message, hint })
    }
    t.same(await leftovers(aws, names), [])
  },
)

t.test('limits that do not hold the size are wrong usage', async (t) => {
  await t.rejects(
    plan(
      {
        serviceParameters: new Map([
          ['MaxSize', '2'],
          ['MinSize', '9'],
        ]),
      },
      4,
    ),
    {
      kind: 'usage',
      message:
        'aws.serviceParameters.MinSize: 9 is above the size 4\naws.serviceParameters.MaxSize: 2 is below the size 4',
    },
  )
  t.same(await leftovers(aws, names), [])
})

t.test('the plan of a new group shows all that is made and what it costs; taken back, nothing is left', async (t) => {
  const first = await plan({ guard: true })
  t.match(first, { isEmpty: false, warnings: [], dangers: [] })
  const text = first.lines.join('\n')
  for (const [name, type] of [
    ['network', 'EC2::VPC'],
    ['service', 'AutoScaling::AutoScalingGroup'],
    ['guard', 'WAFv2::WebACL'],
  ]) {
    t.match(
      text,
      new RegExp(`stack bakeroll-shop-${name}: new, \\d+ resources\n(  \\+ .*\n)*  \\+ \\w+ \\(AWS::${type}\\)`),
    )
  }
  t.notMatch(text, /HttpsListener|Certificate\b/, 'what no parameter asks for is not made')
  t.match(
    first.lines.at(-1),
    /^about \d+ USD a month in eu-central-1 \(prices of 20\d\d-\d\d, without traffic\): load balancer/,
  )
  await first.discard()
  t.same(await leftovers(aws, names), [])
  t.same(await changeSets(), [])
})

t.test('the stacks are made one after the other, and their outputs shown and saved', async (t) => {
  const progress = recordingProgress()
  await (await plan({ tags: new Map([['owner', 'me']]) }, 3)).apply({ progress })
  t.match(await parametersOf(names.serviceStack), { Group: 'shop', ImageId: imageId, MinSize: '2', MaxSize: '6' })
  const steps = progress.lines.filter((line) => line.includes('stack'))
  t.same(steps.slice(0, 4), [
    'create stack bakeroll-shop-network ...',
    'create stack bakeroll-shop-network: done',
    'create stack bakeroll-shop-service ...',
    'create stack bakeroll-shop-service: done',
  ])
  const saved = JSON.parse(await readFile(outputsFile(home, 'shop'), 'utf8'))
  t.match(saved, { VpcId: /^vpc-/, Url: /^http:/, AutoScalingGroupName: /./, AlarmTopicArn: /./, PublicSubnetIds: /,/ })
  t.ok(progress.lines.includes(`Url: ${saved.Url}`))
  t.equal(progress.lines.at(-1), `outputs saved in ${outputsFile(home, 'shop')}`)
  t.match((await describeStack(aws, names.networkStack))?.tags, { 'bakeroll:group': 'shop', owner: 'me' })
})

t.test('nothing to do is an empty plan', async (t) => {
  t.match(await plan({}, 3), { isEmpty: true, lines: [], warnings: [], dangers: [] })
  t.same(await changeSets(), [])
})

t.test('planning and showing both stacks takes few calls and leaves no change set', async (t) => {
  const callsBefore = total()
  const again = await plan(
    { networkParameters: new Map([['FlowLogs', 'all']]), serviceParameters: new Map([['DrainSeconds', '20']]) },
    3,
  )
  t.ok(total() - callsBefore <= 8, `${total() - callsBefore} calls`)
  t.same(again.lines.slice(0, -1), [
    'stack bakeroll-shop-network: changed',
    '  ~ parameter FlowLogs: none -> all',
    '  + FlowLogGroup (AWS::Logs::LogGroup)',
    '  + FlowLogRole (AWS::IAM::Role)',
    '  + FlowLog (AWS::EC2::FlowLog)',
    'stack bakeroll-shop-service: changed',
    '  ~ parameter DrainSeconds: 30 -> 20',
    '  ~ TargetGroup (AWS::ElasticLoadBalancingV2::TargetGroup): TargetGroupAttributes',
    '  ~ UnhealthyAlarm (AWS::CloudWatch::Alarm): Dimensions',
  ])
  await again.discard()
  t.same(await changeSets(), [])
})

t.test('a certificate opens port 443 of the network, too; without it, it is closed again', async (t) => {
  const arn = 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234'
  const secure = await plan(
    {
      serviceParameters: new Map([
        ['CertificateArn', arn],
        ['DomainName', 'time.example.org'],
      ]),
    },
    3,
  )
  t.match(secure.lines.join('\n'), /Https: false -> true\n.*\n.*\n.*CertificateArn: \(none\) -> arn/)
  t.match(secure.lines, [/./, /./, '  + LoadBalancerHttps (AWS::EC2::SecurityGroupIngress)'])
  await secure.discard()
  const own = await plan(
    { networkParameters: new Map([['Https', 'true']]), serviceParameters: new Map([['CertificateArn', '']]) },
    3,
  )
  t.match(own.lines.join('\n'), /Https: false -> true/, 'the operator has the last word')
  await own.discard()
  t.match(await plan({ serviceParameters: new Map([['CertificateArn', '']]) }, 3), { isEmpty: true })
})

t.test(
  'what was given before is kept, the limits follow the size, and the image stays what rolls have made it',
  async (t) => {
    t.equal(await updateParameters(aws, names.serviceStack, { ImageId: second }), 'updated')
    t.equal(await updateParameters(aws, names.serviceStack, { ImageId: second }), 'unchanged')
    const larger = await plan({ serviceParameters: new Map([['AlarmErrorsPerMinute', '20']]) }, 8)
    t.match(larger.lines.join('\n'), /~ parameter MaxSize: 6 -> 8\n {2}~ parameter AlarmErrorsPerMinute: 10 -> 20/)
    await larger.apply({ progress: recordingProgress() })
    const smaller = await plan({}, 1)
    t.match(smaller.lines, ['stack bakeroll-shop-service: changed', '  ~ parameter MinSize: 2 -> 1'])
    await smaller.apply({ progress: recordingProgress() })
    const parameters = { ImageId: second, MinSize: '1', MaxSize: '8', AlarmErrorsPerMinute: '20' }
    t.match(await parametersOf(names.serviceStack), parameters)
  },
)

t.test('a new image is a new version of the launch template, and nothing else', async (t) => {
  const { AutoScalingGroupName = '', LaunchTemplateId = '' } =
    (await describeStack(aws, names.serviceStack))?.outputs ?? {}
  const group = async () =>
    (
      await aws.autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
      )
    ).AutoScalingGroups?.[0]
  const before = await group()
  await updateParameters(aws, names.serviceStack, { ImageId: imageId })
  const { LaunchTemplateVersions = [] } = await aws.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['$Latest'] }),
  )
  t.equal(LaunchTemplateVersions[0]?.LaunchTemplateData?.ImageId, imageId)
  const after = await group()
  t.ok(before?.CreatedTime)
  t.same(after?.CreatedTime, before?.CreatedTime, 'the group is the same')
  t.same(after?.Instances, before?.Instances)
})

t.test('resources that a template drops or gains are shown; dangers are named', async (t) => {
  const templates = t.testdir()
  for (const name of ['network', 'service', 'guard']) {
    const text = await readFile(`${templateFolder}/${name}.yaml`, 'utf8')
    const changed = text
      .replace(/^ {2}RejectedAlarm:\n/m, '  OtherAlarm:\n')
      .replace(/^ {2}AlarmTopic:\n/m, '  AlarmTopicOfOurs:\n')
      .replaceAll('!Ref AlarmTopic\n', '!Ref AlarmTopicOfOurs\n')
    await writeFile(
      `${templates}/${name}.yaml`,
      changed
        .replaceAll('[!Ref AlarmTopic]', '[!Ref AlarmTopicOfOurs]')
        .replace('TopicArn: !Ref AlarmTopic,', 'TopicArn: !Ref AlarmTopicOfOurs,'),
    )
  }
  const changed = await openInfrastructure({ aws, names, home, settings: awsSettings(), templates }).plan({
    imageId,
    size: 1,
  })
  const text = changed.lines.join('\n')
  t.match(text, /\+ OtherAlarm \(AWS::CloudWatch::Alarm\)/)
  t.match(text, /- RejectedAlarm \(AWS::CloudWatch::Alarm\)/)
  t.same(changed.dangers, ['removes AlarmTopic (AWS::SNS::Topic)'])
  await changed.discard()
})

t.test('everything of the group is named, whatever made it; the group of another is not', async (t) => {
  const Tags = [{ Key: 'bakeroll:group', Value: 'shop' }]
  const { VolumeId = '' } = await aws.ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'eu-central-1a', Size: 1 }))
  await aws.ec2.send(new CreateTagsCommand({ Resources: [VolumeId, imageId], Tags }))
  await aws.ssm.send(new PutParameterCommand({ Name: '/bakeroll/shop/record', Value: '{}', Type: 'String', Tags }))
  await aws.ssm.send(new PutParameterCommand({ Name: '/bakeroll/shop/lock/1', Value: '{}', Type: 'String', Tags }))
  await aws.ssm.send(new PutParameterCommand({ Name: '/bakeroll/shopping/record', Value: '{}', Type: 'String' }))
  const left = await leftovers(aws, names)
  for (const expected of [
    'stack bakeroll-shop-network (CREATE_COMPLETE)',
    'SSM parameter /bakeroll/shop/record',
    `ec2 volume/${VolumeId}`,
  ]) {
    t.ok(left.includes(expected), expected)
  }
  t.match(left.join('\n'), /ec2 vpc\/vpc-/)
  t.notMatch(left.join('\n'), /lock|shopping|image|snapshot/)
  t.same(await leftovers(aws, namesOf('sho')), [])
})

t.test('a service whose network changes under it is planned again with what the network then gives', async (t) => {
  const ids = ['VpcId', 'PublicSubnetIds', 'PrivateSubnetIds', 'LoadBalancerSecurityGroupId', 'InstanceSecurityGroupId']
  const parameters = (names: string[]) => names.map((name) => `  ${name}: {Type: String, Default: ''}\n`).join('')
  const topic = 'Resources:\n  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref VpcId}}\n'
  const templates = t.testdir({
    'network.yaml': `Parameters:\n${parameters(['Group', 'VpcId'])}${topic}Outputs:\n${ids.map((id) => `  ${id}: {Value: !Ref VpcId}\n`).join('')}`,
    'service.yaml': `Parameters:\n${parameters(['Group', 'ImageId', 'MinSize', 'MaxSize', ...ids])}${topic}`,
    'guard.yaml': `Parameters:\n${parameters(['Group', 'LoadBalancerArn', 'VpcId'])}${topic}`,
  })
  const small = namesOf('small')
  const planned = (id: string) => {
    const settings = awsSettings({ networkParameters: new Map([['VpcId', id]]) })
    return openInfrastructure({ aws, names: small, home, settings, templates }).plan({ imageId, size: 1 })
  }
  await (await planned('one')).apply({ progress: recordingProgress() })
  t.match(await parametersOf(small.serviceStack), { VpcId: 'one' })
  const second = await planned('two')
  t.match(second.lines, ['stack bakeroll-small-network: changed', '  ~ parameter VpcId: one -> two'])
  await second.apply({ progress: recordingProgress() })
  t.match(await parametersOf(small.serviceStack), { VpcId: 'two', InstanceSecurityGroupId: 'two' })
  for (const name of [small.serviceStack, small.networkStack]) await deleteStack(aws, name)
  t.same(await leftovers(aws, small), [])
})

t.test('stacks are deleted, and deleting what is not there is fine', async (t) => {
  const progress = recordingProgress()
  t.equal(await deleteStack(aws, names.serviceStack, { progress }), 'deleted')
  t.equal(await describeStack(aws, names.serviceStack), undefined)
  t.equal(await deleteStack(aws, names.serviceStack, { progress }), 'absent')
})

t.test('a service stack that was deleted by hand is made anew from the network that is there', async (t) => {
  const again = await plan({}, 2)
  t.match(again.lines.slice(0, 1), [/^stack bakeroll-shop-service: new,/])
  await again.apply({ progress: recordingProgress() })
  t.match(await parametersOf(names.serviceStack), { ImageId: imageId, MinSize: '2', MaxSize: '4' })
})

t.test('an existing network is used by its ids', async (t) => {
  const {
    VpcId = '',
    PublicSubnetIds = '',
    PrivateSubnetIds = '',
  } = (await describeStack(aws, names.networkStack))?.outputs ?? {}
  const other = namesOf('guest')
  const networkParameters = new Map(
    Object.entries({
      ExistingVpcId: VpcId,
      ExistingPublicSubnetIds: PublicSubnetIds,
      ExistingPrivateSubnetIds: PrivateSubnetIds,
    }),
  )
  const guest = openInfrastructure({ aws, names: other, home, settings: awsSettings({ networkParameters }) })
  await (await guest.plan({ imageId, size: 1 })).apply({ progress: recordingProgress() })
  t.match((await describeStack(aws, other.serviceStack))?.parameters, {
    VpcId,
    PublicSubnetIds,
    PrivateSubnetIds,
    MinSize: '1',
    MaxSize: '3',
  })
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({}))
  t.equal(Stacks.length, 4)
})

t.test('a network stack that another template has made is refused, and nothing stays of the plan', async (t) => {
  const TemplateBody = 'Resources: {Topic: {Type: AWS::SNS::Topic}}\n'
  const foreign = namesOf('foreign')
  await aws.cloudFormation.send(new CreateStackCommand({ StackName: foreign.networkStack, TemplateBody }))
  await t.rejects(
    openInfrastructure({ aws, names: foreign, home, settings: awsSettings() }).plan({ imageId, size: 1 }),
    {
      kind: 'refused',
      message: /stack bakeroll-foreign-network has no output VpcId, PublicSubnetIds/,
    },
  )
  t.same(await leftovers(aws, foreign), ['stack bakeroll-foreign-network (CREATE_COMPLETE)'])
})

// needs: .venv/moto
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import t, { type Test } from 'tap'
import { OperatorError } from '../../tasks/lib/errors.ts'
import type { RefreshSpec } from '../../tasks/lib/refresh/port.ts'
import type { RollPolicy } from '../../tasks/lib/roll/policy.ts'
import { plainPolicy } from '../../tasks/lib/roll/policy.ts'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { isAwsError } from '../../tasks/platforms/aws/failures/failures.ts'
import { openRefresh } from '../../tasks/platforms/aws/group/refresh.ts'
import { preferencesFor } from '../../tasks/platforms/aws/group/refresh-preferences.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import { type RecordedAnswer, startRecorded } from './recorded.ts'
import { modelOf, problemsOf } from './recorded-model.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())

const policy: RollPolicy = { ...plainPolicy, canary: 1 }
const spec: RefreshSpec = { imageId: 'ami-0new', from: 'ami-0old', policy, size: 4, heedsAlarms: true }
const group = { AutoScalingGroupName: 'bakeroll-timeapp-service-Group' }
const template = (Version: string) => ({ LaunchTemplate: { LaunchTemplateId: 'lt-0a4872e2c396d941c', Version } })

/** An Instance Refresh over recorded answers, and everything that it does to AWS and to what is around it, in its order. */
async function opened(answers: (string | RecordedAnswer)[]) {
  await server.play(['group-updated', 'stack-resources-1', 'stack-resources-2', 'refresh-started', ...answers])
  const aws = openAws({ region: undefined, profile: undefined })
  const done: unknown[] = []
  const refresh = openRefresh({
    aws,
    names: namesOf('timeapp'),
    scaling: async () => {
      const answer = await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({}))
      const [found] = answer.AutoScalingGroups ?? []
      if (!found) throw new Error('no group was recorded')
      return found
    },
    setImage: async (imageId) => void done.push(['image', imageId, server.requests.length]),
    notePinned: async (version) => void done.push(['pinned', version, server.requests.length]),
    noteUnpinned: async () => void done.push(['unpinned', server.requests.length]),
  })
  const requests = () =>
    server.requests
      .filter(({ operation }) => !/^(DescribeAutoScaling|DescribeLaunch|List)/.test(operation))
      .map(({ operation, input }) => ({ operation, input }))
  /** What was done, its place among the requests told by the request before it. */
  const order = () => {
    const marks = done.map((one) => one as [string, ...unknown[]])
    return [...server.requests.keys(), server.requests.length].flatMap((at) => [
      ...marks.filter((mark) => mark.at(-1) === at).map((mark) => mark.slice(0, -1).join(' ')),
      ...(server.requests[at] ? [server.requests[at].operation] : []),
    ])
  }
  return { refresh, requests, order }
}

t.test('the group is pinned to what serves before the stack makes the new version', async (t) => {
  const { refresh, requests, order } = await opened(['group-on-latest', 'template-latest-7', 'template-latest-8'])
  await refresh.start(spec)
  t.same(order(), [
    'DescribeAutoScalingGroups',
    'DescribeLaunchTemplateVersions',
    'pinned $Latest',
    'UpdateAutoScalingGroup',
    'image ami-0new',
    'DescribeLaunchTemplateVersions',
    'ListStackResources',
    'ListStackResources',
    'StartInstanceRefresh',
  ])
  t.same(requests(), [
    { operation: 'UpdateAutoScalingGroup', input: { ...group, ...template('7') } },
    {
      operation: 'StartInstanceRefresh',
      input: {
        ...group,
        Strategy: 'Rolling',
        DesiredConfiguration: template('8'),
        Preferences: {
          MinHealthyPercentage: 100,
          MaxHealthyPercentage: 125,
          SkipMatching: true,
          AutoRollback: true,
          ScaleInProtectedInstances: 'Refresh',
          StandbyInstances: 'Ignore',
          CheckpointPercentages: [25, 100],
          CheckpointDelay: 600,
          AlarmSpecification: { Alarms: ['timeapp-5xx', 'timeapp-latency'] },
        },
      },
    },
  ])
})

t.test('a start that died half-way can be called again', async (t) => {
  const { refresh, requests, order } = await opened(['group-pinned', 'template-version-7', 'template-latest-8'])
  await refresh.start(spec)
  t.same(
    requests().map(({ operation }) => operation),
    ['StartInstanceRefresh'],
  )
  t.same(
    order().filter((one) => /pinned|image/.test(one)),
    ['image ami-0new'],
  )
})

t.test('where the stack wants the new image already, a version with the old one is made to go back to', async (t) => {
  const nine = { ...latestWith(9, 'ami-0old') }
  const ten = { ...latestWith(10, 'ami-0new') }
  const { refresh, requests, order } = await opened(['group-on-latest', 'template-latest-8', nine, ten])
  await refresh.start(spec)
  t.same(
    order().filter((one) => /pinned|image/.test(one)),
    ['image ami-0old', 'pinned $Latest', 'image ami-0new'],
  )
  t.match(requests(), [{ input: template('9') }, { input: { DesiredConfiguration: template('10') } }])
})

t.test('the rollback has no rollback of its own and heeds no alarm', async (t) => {
  const { refresh, requests, order } = await opened(['group-on-latest', 'template-latest-8'])
  await refresh.start({ ...spec, from: undefined, heedsAlarms: false })
  t.same(
    order().filter((one) => /pinned|List/.test(one)),
    [],
  )
  t.match(requests(), [{ input: { Preferences: { AutoRollback: false, AlarmSpecification: undefined } } }])
})

t.test('a group of mixed instances is given its whole policy at another version', async (t) => {
  const { refresh, requests } = await opened(['group-of-mixed-instances', 'template-latest-7', 'template-latest-8'])
  await refresh.start(spec)
  const policyAt = (version: string) => ({
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: template(version).LaunchTemplate,
        Overrides: [
          { InstanceType: 't3.small' },
          {
            InstanceType: 't4g.small',
            LaunchTemplateSpecification: { LaunchTemplateId: 'lt-0b0000000000000ff', Version: '3' },
          },
        ],
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: 'prioritized',
        OnDemandBaseCapacity: 1,
        OnDemandPercentageAboveBaseCapacity: 50,
        SpotAllocationStrategy: 'price-capacity-optimized',
      },
    },
  })
  const [pinned, started] = requests()
  t.same(pinned?.input, { ...group, ...policyAt('7') })
  t.same(started?.input['DesiredConfiguration'], policyAt('8'))
})

t.test('a refresh is told in our words', async (t) => {
  const all = [
    'refresh-none',
    'refresh-pending',
    'refresh-in-progress',
    'refresh-at-checkpoint',
    'refresh-rolling-back',
    'refresh-rolled-back',
    'refresh-rollback-failed',
    'refresh-failed',
    'refresh-successful',
  ]
  const { refresh } = await opened(['group-pinned', 'template-version-8', ...all])
  const id = '08b91cf7-8fa6-48af-b6a6-d227f40f1b9b'
  const checkpoints = { checkpoints: [25, 100], checkpointDelaySeconds: 600 }
  const state = (status: string, percentageComplete: number, instancesToUpdate?: number, reason?: string) => {
    return { id, status, imageId: 'ami-0new', percentageComplete, instancesToUpdate, reason, ...checkpoints }
  }
  const warm = 'Waiting for instances to warm up before continuing. For example: i-0645704820a8e83ff is warming up.'
  const alarm = 'An alarm of the instance refresh is in the ALARM state.'
  const seen: unknown[] = []
  for (const _ of all) seen.push(await refresh.look())
  t.same(seen, [
    undefined,
    state('Pending', 0),
    state('InProgress', 0, 4, warm),
    state('InProgress', 25, 3),
    state('RollbackInProgress', 12, 3, alarm),
    state('RollbackSuccessful', 0, 3, alarm),
    state('RollbackFailed', 12, 3, alarm),
    state('Failed', 25, 3, 'Instances could not be launched.'),
    state('Successful', 100, 0),
  ])
  const calls = server.requests.map(({ operation }) => operation)
  t.equal(calls.length, all.length + 2, 'the group and the template are looked at once')
  t.match(server.requests.at(-1), { input: { ...group, MaxRecords: 1 } })
})

t.test("somebody else's refresh, and one whose template version is gone", async (t) => {
  const { refresh } = await opened([
    'group-pinned',
    'refreshes-described',
    'refresh-in-progress',
    'template-version-gone',
  ])
  t.match(await refresh.look(), { imageId: undefined, percentageComplete: 50, checkpoints: [] })
  t.match(await refresh.look(), { imageId: undefined, percentageComplete: 0 })
})

t.test('taking it back', async (t) => {
  const { refresh } = await opened([
    'group-pinned',
    'refresh-rollback-started',
    'refresh-rollback-nothing-active',
    'refresh-rollback-irreversible',
  ])
  t.equal(await refresh.rollBack(), 'rolling back')
  t.equal(await refresh.rollBack(), 'over')
  await t.rejects(refresh.rollBack(), {
    kind: 'failed',
    message: 'the instance refresh of bakeroll-timeapp-service-Group cannot be rolled back',
    hint: /cancel-instance-refresh --auto-scaling-group-name bakeroll-timeapp-service-Group; then npm run roll/,
  })
})

t.test('at the end the group follows $Latest again, whose image has won', async (t) => {
  const { refresh, requests, order } = await opened(['group-pinned', 'group-on-latest'])
  await refresh.end('ami-0old')
  t.same(order(), ['image ami-0old', 'DescribeAutoScalingGroups', 'UpdateAutoScalingGroup', 'unpinned'])
  t.same(requests(), [{ operation: 'UpdateAutoScalingGroup', input: { ...group, ...template('$Latest') } }])
  await refresh.end('ami-0old')
  t.equal(requests().length, 1, 'again: nothing is left to do')
})

t.test('starts that cannot be', async (t) => {
  const busy = await opened(['group-on-latest', 'template-latest-7', 'template-latest-8'])
  await server.play(['group-pinned', 'template-version-7', 'template-latest-8', 'refresh-already-in-progress'])
  const error = await busy.refresh.start({ ...spec, heedsAlarms: false }).catch((error) => error)
  t.ok(isAwsError(error, 'InstanceRefreshInProgress'))

  const other = await opened(['group-pinned', 'template-version-7', latestWith(9, 'ami-0else')])
  await t.rejects(other.refresh.start(spec), {
    kind: 'failed',
    message: 'version 9 of the launch template launches ami-0else, not ami-0new',
  })
  await refuses(
    t,
    ['group-pinned', 'template-version-7', { ...latestWith(1, ''), ...gone }],
    /launch template lt-\w+ is gone/,
  )
  await refuses(t, [of('DescribeAutoScalingGroups', { AutoScalingGroups: [bare] })], /has no launch template/)
})

t.test('preferences', async (t) => {
  const model = await modelOf('autoscaling')
  const terms = { size: 4, alarms: [], goesBack: true }
  const table: [string, Partial<RollPolicy>, Partial<Parameters<typeof preferencesFor>[1]>, object][] = [
    ['one at a time', { surge: 1 }, {}, { MinHealthyPercentage: 100, MaxHealthyPercentage: 125 }],
    ['never above the surge', { surge: 1 }, { size: 3 }, { MaxHealthyPercentage: 133 }],
    ['a surge above the size', { surge: 9 }, { size: 3 }, { MaxHealthyPercentage: 200 }],
    ['a share below one percent', { surge: 1 }, { size: 1000 }, { MaxHealthyPercentage: 100 }],
    ['an empty group', { surge: 1 }, { size: 0 }, { MaxHealthyPercentage: 200, CheckpointPercentages: undefined }],
    ['no canary', { canary: 0 }, {}, { CheckpointPercentages: undefined, CheckpointDelay: undefined }],
    ['a canary', { canary: 1 }, { size: 3 }, { CheckpointPercentages: [33, 100], CheckpointDelay: 600 }],
    ['a small canary', { canary: 1 }, { size: 1000 }, { CheckpointPercentages: [1, 100] }],
    ['a canary of all', { canary: 4 }, {}, { CheckpointPercentages: undefined }],
    ['a canary of all but one', { canary: 199 }, { size: 200 }, { CheckpointPercentages: [99, 100] }],
    ['a long wait', { instanceTimeoutSeconds: 1e6 }, {}, { CheckpointDelay: 172_800 }],
    ['force', { force: true }, {}, { SkipMatching: false }],
    ['not by force', {}, {}, { SkipMatching: true, AutoRollback: true, AlarmSpecification: undefined }],
    ['no rollback', {}, { goesBack: false }, { AutoRollback: false }],
    ['alarms', {}, { alarms: ['a', 'b'] }, { AlarmSpecification: { Alarms: ['a', 'b'] } }],
  ]
  for (const [name, change, termsChange, expected] of table) {
    const preferences = preferencesFor({ ...policy, ...change }, { ...terms, ...termsChange })
    for (const [key, value] of Object.entries(expected))
      t.same(preferences[key as keyof typeof preferences], value, name)
    t.same(problemsOf(preferences, { shape: 'RefreshPreferences' }, model), [], `${name}: AWS takes it`)
    const { MinHealthyPercentage: min = 0, MaxHealthyPercentage: max = 0 } = preferences
    t.ok(max - min <= 100, 'at most 100 apart')
  }
  const many = Array.from({ length: 12 }, (_, index) => `alarm-${index}`)
  t.equal(preferencesFor(policy, { ...terms, alarms: many }).AlarmSpecification?.Alarms?.length, 10)
})

const source = 'https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html'
const bare = { ...group, MinSize: 1, MaxSize: 1, DesiredCapacity: 1, DefaultCooldown: 1, AvailabilityZones: ['a'] }
const gone = { output: { LaunchTemplateVersions: [] } }

function of(operation: string, output: object): RecordedAnswer {
  const HealthCheckType = 'EC2'
  const CreatedTime = '2026-01-01T00:00:00Z'
  const { AutoScalingGroups: groups = [] } = output as { AutoScalingGroups?: object[] }
  const AutoScalingGroups = groups.map((one) => ({ ...one, HealthCheckType, CreatedTime }))
  return { service: 'autoscaling', operation, source, output: { AutoScalingGroups } }
}

function latestWith(VersionNumber: number, ImageId: string): RecordedAnswer {
  return {
    service: 'ec2',
    operation: 'DescribeLaunchTemplateVersions',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html',
    input: { Versions: ['$Latest'] },
    output: { LaunchTemplateVersions: [{ VersionNumber, LaunchTemplateData: { ImageId } }] },
  }
}

async function refuses(t: Test, answers: (string | RecordedAnswer)[], message: RegExp): Promise<void> {
  const { refresh } = await opened(answers)
  const error = await refresh.start(spec).catch((error) => error)
  t.ok(error instanceof OperatorError)
  t.match(error.message, message)
}

// needs: .venv/moto
import t from 'tap'
import { answer, group, member, record, refusal, scaling, serviceStack } from '../../../../test/aws/group-answers.ts'
import { type RecordedAnswer, startRecorded } from '../../../../test/aws/recorded.ts'
import { openAws } from '../clients.ts'
import { namesOf } from '../names.ts'
import { changedRecord, limitsFor, settle } from './group-change.ts'
import { type GroupRecord, pinned, unpinned } from './record.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())
const aws = openAws({ region: undefined, profile: undefined })
const names = namesOf(group.name)
const two = [member('i-0a1'), member('i-0a2')]

const roll = {
  imageId: 'ami-0new',
  previousImageId: 'ami-0old',
  startedAt: '2026-01-01T00:00:00.000Z',
  force: false,
  rollingBack: false,
}

t.test('a size beyond the limits of the stack changes them, one within does not', async (t) => {
  const parameters = { MinSize: '2', MaxSize: '4' }
  t.same(limitsFor(undefined, parameters), {})
  for (const size of [2, 3, 4]) t.same(limitsFor(size, parameters), {}, `${size}`)
  t.same(limitsFor(5, parameters), { maxSize: 5 })
  t.same(limitsFor(1, parameters), { minSize: 1 })
  t.same(limitsFor(9, {}), {}, 'a template without these parameters')
})

t.test('the record after a change', async (t) => {
  const at = { desired: 3, limits: {} }
  const table: [string, GroupRecord, Parameters<typeof changedRecord>[1], GroupRecord][] = [
    [
      'the image is none of it',
      {},
      { imageId: 'ami-0new', previousImageId: 'ami-0old' },
      { previousImageId: 'ami-0old' },
    ],
    ['a roll promises the size that Auto Scaling wants as it begins', {}, { roll }, { size: 3, roll }],
    ['an earlier desired size counts more', { size: 5 }, { roll }, { size: 5, roll }],
    ['a roll stays', { size: 3, roll }, { previousImageId: 'ami-0x' }, { size: 3, roll, previousImageId: 'ami-0x' }],
    ['a roll that ends leaves the size to be settled', { size: 3, roll }, { roll: null }, { size: 3 }],
    ['what is to be put back stays', { undo: { minSize: 2 } }, { size: 4 }, { undo: { minSize: 2 }, size: 4 }],
  ]
  for (const [name, before, spec, after] of table) t.same(changedRecord(before, spec, at), after, name)
})

t.test('limits that are new are what a dead verb has to put back, too', async (t) => {
  const undo = { suspended: ['AZRebalance'], maxSize: 4 }
  const limits = { maxSize: 6 }
  t.same(changedRecord({ undo }, { size: 6 }, { desired: 5, limits }), { size: 6, undo: { ...undo, maxSize: 6 } })
  t.same(changedRecord({ undo: { minSize: 2 } }, { size: 6 }, { desired: 5, limits }), {
    size: 6,
    undo: { minSize: 2 },
  })
})

t.test('a reason of any length leaves the record within what an SSM parameter holds', async (t) => {
  const long = changedRecord({}, { roll: { ...roll, reason: 'x'.repeat(9000) } }, { desired: 2, limits: {} })
  t.equal(long.roll?.reason?.length, 1000)
  t.ok(JSON.stringify(long).length < 4096)
})

/** Settles, and gives what was written and asked for. */
async function settled(value: object, scalingAnswer: RecordedAnswer = scaling(two)): Promise<unknown[]> {
  await server.play([
    ...[serviceStack(), record(value), scalingAnswer, answer('ssm:PutParameter', { Version: 2 })],
    ...[answer('autoscaling:ResumeProcesses'), answer('autoscaling:UpdateAutoScalingGroup')],
  ])
  await settle(aws, names)
  return server.requests.flatMap(({ operation, input }) => {
    if (/^(Describe|Get)/.test(operation)) return []
    return [operation === 'PutParameter' ? JSON.parse(String(input['Value'])) : operation]
  })
}

t.test(
  'a desired size is forgotten when the group has it, so that Auto Scaling may change it from then on',
  async (t) => {
    t.same(await settled({ size: 2, previousImageId: 'ami-0old' }), [{ previousImageId: 'ami-0old' }])
    t.same(await settled({ size: 3 }), [], 'not yet there')
    t.same(await settled({ size: 2, roll }), [], 'an unfinished roll keeps it')
    t.same(await settled({}), [])
  },
)

t.test('settling puts back what the verb has changed', async (t) => {
  t.same(await settled({ size: 2, undo: { suspended: ['AZRebalance'], maxSize: 4 } }), [
    ...['ResumeProcesses', 'UpdateAutoScalingGroup', { size: 2 }, {}],
  ])
})

t.test('where there is no group any more there is nothing to settle', async (t) => {
  const gone = answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [] })
  t.same(await settled({ size: 2, undo: { suspended: ['AZRebalance'] } }, gone), [])
  const noStack = refusal('cloudformation:DescribeStacks', 'ValidationError', 'Stack with id x does not exist')
  await server.play([noStack, refusal('ssm:GetParameter', 'ParameterNotFound', '')])
  await settle(aws, names)
  t.same(server.requests.map(({ operation }) => operation).sort(), ['DescribeStacks', 'GetParameter'])
})

t.test('a template that is pinned is noted beside the rest, and that note alone goes', async (t) => {
  const before = { size: 2, undo: { maxSize: 4 } }
  const noted = pinned(before, '$Latest')
  t.same(noted, { size: 2, undo: { maxSize: 4, launchTemplateVersion: '$Latest' } })
  t.same(unpinned(noted), before)
  t.same(unpinned(pinned({}, '$Latest')), {})
  t.same(unpinned({}), {})
})

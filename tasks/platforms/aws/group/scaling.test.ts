// needs: .venv/moto
import t from 'tap'
import { answer, group, member, scalingGroup, suspended } from '../../../../test/aws/group-answers.ts'
import { startRecorded } from '../../../../test/aws/recorded.ts'
import { openAws } from '../clients.ts'
import { namesOf } from '../names.ts'
import type { GroupRecord, Undo } from './record.ts'
import {
  interferingProcesses,
  lowerMinSize,
  raiseMaxSize,
  restorable,
  restoreLimits,
  type ScalingState,
  suspendProcesses,
} from './scaling.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())
const aws = openAws({ region: undefined, profile: undefined })
const names = namesOf(group.name)
const two = [member('i-0a1'), member('i-0a2')]
const all = [...interferingProcesses]

t.beforeEach(() =>
  server.play([
    answer('ssm:PutParameter', { Version: 2, Tier: 'Standard' }),
    ...['SuspendProcesses', 'ResumeProcesses', 'UpdateAutoScalingGroup'].map((one) => answer(`autoscaling:${one}`)),
  ]),
)

/** Everything that was done, in its order: the record as it was written, or the request without the group's name. */
function done(): unknown[] {
  return server.requests.map(({ operation, input }) => {
    if (operation === 'PutParameter') return JSON.parse(String(input['Value']))
    const { AutoScalingGroupName: _, ...rest } = input
    return [operation, rest]
  })
}

function state(record: GroupRecord, more: object = {}): ScalingState {
  return { record, scaling: scalingGroup(two, more) }
}

t.test('what runs is suspended, and written down before, with the size', async (t) => {
  const undo = { suspended: all }
  t.same(await suspendProcesses(aws, names, state({ previousImageId: 'ami-0old' })), {
    previousImageId: 'ami-0old',
    size: 2,
    undo,
  })
  t.same(done(), [{ previousImageId: 'ami-0old', size: 2, undo }, ['SuspendProcesses', { ScalingProcesses: all }]])
})

t.test('once per verb: what is suspended already is left alone, and not written down', async (t) => {
  const own = { size: 2, undo: { suspended: all } }
  t.same(await suspendProcesses(aws, names, state(own, suspended(...all))), own)
  t.same(done(), [])
})

t.test('what the operator had suspended is none of the verb', async (t) => {
  const [operators, ...others] = all
  await suspendProcesses(aws, names, state({ size: 3 }, suspended('Launch', operators ?? '')))
  t.same(done(), [{ size: 3, undo: { suspended: others } }, ['SuspendProcesses', { ScalingProcesses: others }]])
})

t.test('what a dead verb had suspended stays written down when more is suspended', async (t) => {
  const dead = { size: 2, undo: { suspended: ['AZRebalance'], maxSize: 4 } }
  t.match(await suspendProcesses(aws, names, state(dead, suspended('AZRebalance', 'AlarmNotification'))), {
    undo: { suspended: ['AZRebalance', 'ScheduledActions', 'ReplaceUnhealthy'], maxSize: 4 },
  })
})

t.test('with nothing to suspend the size alone is written down', async (t) => {
  t.same(await suspendProcesses(aws, names, state({}, suspended(...all))), { size: 2 })
  t.same(done(), [{ size: 2 }])
})

t.test('room above the maximum, and below the minimum, each written down once', async (t) => {
  t.same(await raiseMaxSize(aws, names, state({}), 4), {})
  t.same(await lowerMinSize(aws, names, state({}), 2), {})
  t.same(done(), [], 'within the limits nothing is done')
  const raised = await raiseMaxSize(aws, names, state({}), 5)
  const lowered = await lowerMinSize(aws, names, state(raised, { MaxSize: 5 }), 1)
  await raiseMaxSize(aws, names, state(lowered, { MaxSize: 5 }), 6)
  await lowerMinSize(aws, names, state(lowered, { MinSize: 1 }), 0)
  const undo = { maxSize: 4, minSize: 2 }
  t.same(done(), [
    { undo: { maxSize: 4 } },
    ['UpdateAutoScalingGroup', { MaxSize: 5 }],
    { undo },
    ['UpdateAutoScalingGroup', { MinSize: 1 }],
    { undo },
    ['UpdateAutoScalingGroup', { MaxSize: 6 }],
    { undo },
    ['UpdateAutoScalingGroup', { MinSize: 0 }],
  ])
})

t.test('everything is put back, then forgotten', async (t) => {
  const undo = { suspended: all, minSize: 2, maxSize: 4 }
  const after = await restoreLimits(aws, names, state({ size: 2, undo }))
  t.same(after.record, { size: 2 })
  t.same(after.done, [`resumed the scaling processes ${all.join(', ')}`, "restored the limits of the group's size"])
  t.same(done(), [
    ['ResumeProcesses', { ScalingProcesses: all }],
    ['UpdateAutoScalingGroup', { MinSize: 2, MaxSize: 4 }],
    { size: 2 },
  ])
})

t.test('a maximum that would end instances waits, written down, until it ends none', async (t) => {
  const undo = { suspended: ['AZRebalance'], maxSize: 4 }
  const { record, done: told } = await restoreLimits(aws, names, state({ undo }, { DesiredCapacity: 5, MaxSize: 5 }))
  t.same(record, { undo: { maxSize: 4 } })
  t.equal(told.length, 1)
  t.same((await restoreLimits(aws, names, state(record, { DesiredCapacity: 5, MaxSize: 5 }))).done, [])
  t.same(done(), [['ResumeProcesses', { ScalingProcesses: ['AZRebalance'] }], { undo: { maxSize: 4 } }])
  t.same((await restoreLimits(aws, names, state(record, { DesiredCapacity: 4, MaxSize: 5 }))).record, {})
  t.same(done().slice(2), [['UpdateAutoScalingGroup', { MaxSize: 4 }], {}])
})

t.test('nothing to put back, nothing done', async (t) => {
  t.same(await restoreLimits(aws, names, state({ size: 2 })), { record: { size: 2 }, done: [] })
  const pinned = { undo: { launchTemplateVersion: '$Latest' } }
  t.same(await restoreLimits(aws, names, state(pinned)), { record: pinned, done: [] })
  t.same(done(), [], 'the version of the template belongs to the engine that pinned it')
})

t.test('what can be restored', async (t) => {
  const table: [undo: Undo, desired: number, sizes: object, left: Undo][] = [
    [{}, 2, {}, {}],
    [{ suspended: ['AZRebalance'] }, 2, {}, {}],
    [{ maxSize: 4 }, 4, { MaxSize: 4 }, {}],
    [{ maxSize: 4 }, 5, {}, { maxSize: 4 }],
    [{ minSize: 2 }, 1, { MinSize: 2 }, {}],
    [{ minSize: 2, maxSize: 4 }, 9, { MinSize: 2 }, { maxSize: 4 }],
    [{ maxSize: 4, launchTemplateVersion: '$Latest' }, 3, { MaxSize: 4 }, { launchTemplateVersion: '$Latest' }],
  ]
  for (const [undo, desired, sizes, left] of table) {
    t.same(restorable(undo, desired), { sizes, left }, `${JSON.stringify(undo)} at ${desired}`)
  }
})

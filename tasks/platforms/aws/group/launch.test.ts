// needs: .venv/moto
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling'
import t, { type Test } from 'tap'
import { answer, group, member, refusal, scaling, scalingGroup, suspended } from '../../../../test/aws/group-answers.ts'
import { type RecordedAnswer, recorded, startRecorded } from '../../../../test/aws/recorded.ts'
import { slowed } from '../../../dev/test-pace.ts'
import { openAws } from '../clients.ts'
import { launchMembers } from './launch.ts'

const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())
const aws = openAws({ region: undefined, profile: undefined })

const two = [member('i-0a1'), member('i-0a2')]
const young = [member('i-0b1', 'Pending'), member('i-0b2', 'Pending:Wait')] as const
const quiet = answer('autoscaling:DescribeScalingActivities', { Activities: [] })
const desired = answer('autoscaling:SetDesiredCapacity')
/** So long that only what never comes is waited for. */
const times = { timeoutSeconds: 60, pollMs: 10, otherZoneSeconds: 60 }
const soon = { timeoutSeconds: 0.3, otherZoneSeconds: 0 }

interface Launch {
  /** The group before; two members that it wants. */
  readonly before?: AutoScalingGroup
  readonly count?: number
  /** What AWS answers then, activities of before included. */
  readonly answers: readonly (string | RecordedAnswer)[]
  readonly signal?: AbortSignal
  readonly limits?: Partial<typeof times>
}

/** Launches, and gives what Auto Scaling was asked to want. */
async function launch({ before = scalingGroup(two), count = 1, answers, signal, limits }: Launch) {
  await server.play([desired, ...answers])
  const work = launchMembers(aws, before, count, { ...times, ...limits, signal })
  return {
    ids: await work.catch((error: unknown) => error),
    capacities: server.requests.flatMap(({ operation, input }) =>
      operation === 'SetDesiredCapacity' ? [input['DesiredCapacity']] : [],
    ),
  }
}

t.test('the group wants as many more as are to come, and gives their ids as soon as they are there', async (t) => {
  const { ids, capacities } = await launch({
    count: 2,
    answers: [quiet, scaling(two), scaling([...two, young[0]]), scaling([...two, ...young])],
  })
  t.same(ids, ['i-0b1', 'i-0b2'])
  t.same(capacities, [4])
  t.match(server.requests.find(({ operation }) => operation === 'SetDesiredCapacity')?.input, { HonorCooldown: false })
})

t.test('what Auto Scaling launches by itself counts', async (t) => {
  const [first] = two
  const { ids, capacities } = await launch({
    before: scalingGroup([first ?? {}, member('i-0a2', 'Terminating')]),
    answers: [quiet, scaling([...two, young[0]])],
  })
  t.match(ids, ['i-0a2', 'i-0b1'])
  t.same(capacities, [], 'it wants two already and has one')
  const some = await launch({
    before: scalingGroup([first ?? {}]),
    count: 3,
    answers: [quiet, scaling([...two, ...young])],
  })
  t.same(some.capacities, [4], 'one that it lacks, and two more')
})

t.test('members that are none of the capacity are no part of the sum', async (t) => {
  const aside = [member('i-0s1', 'Standby'), member('i-0d1', 'Detaching'), member('i-0t1', 'Terminating:Wait')]
  const { ids, capacities } = await launch({
    before: scalingGroup([...two, ...aside]),
    answers: [quiet, scaling([...two, ...aside, young[0]])],
  })
  t.same(ids, ['i-0b1'])
  t.same(capacities, [3])
})

const refusals: [fixture: string, reason: RegExp, hint: RegExp][] = [
  [
    'launch-no-capacity',
    /sufficient t3\.small capacity in the Availability Zone you requested \(eu-central-1a\)/,
    /InstanceType=/,
  ],
  ['launch-vcpu-limit', /vCPU limit of 32/, /request-service-quota-increase/],
  ['launch-image-gone', /ami-0aaaaaaaaaaaaaaa1\]?' does not exist/, /npm run images/],
  [
    'launch-type-not-in-zone',
    /t3\.small\) is not supported in your requested Availability Zone \(eu-central-1c\)/,
    /describe-instance-type-offerings/,
  ],
]

for (const [fixture, reason, hint] of refusals) {
  t.test(`${fixture}: the size is set back and the reason said`, async (t) => {
    const { ids, capacities } = await launch({
      answers: [quiet, fixture, scaling(two, { DesiredCapacity: 3 })],
      limits: { otherZoneSeconds: 0 },
    })
    t.match(ids, { kind: 'failed', message: reason, hint })
    t.match(ids, { message: /^Auto Scaling cannot launch: / })
    t.same(capacities, [3, 2])
  })
}

t.test('a zone without capacity is no refusal while Auto Scaling tries another', async (t) => {
  const { ids, capacities } = await launch({
    answers: [quiet, 'launch-no-capacity', scaling(two), scaling(two), scaling([...two, young[0]])],
  })
  t.same(ids, ['i-0b1'])
  t.same(capacities, [3])
})

t.test('of two of which one has come, only the other is taken back', async (t) => {
  const now = scaling([...two, young[0]], { DesiredCapacity: 4 })
  const { ids, capacities } = await launch({ count: 2, answers: [quiet, 'launch-vcpu-limit', now] })
  t.match(ids, { kind: 'failed' })
  t.same(capacities, [4, 3])
})

t.test('what Auto Scaling itself wants is not taken from it', async (t) => {
  const before = scalingGroup(two, { DesiredCapacity: 3 })
  const now = scaling(two, { DesiredCapacity: 3 })
  const { ids, capacities } = await launch({ before, answers: [quiet, 'launch-vcpu-limit', now] })
  t.match(ids, { kind: 'failed' })
  t.same(capacities, [])
})

t.test('failures from before do not count, nor those of ends', async (t) => {
  const old = await launch({ answers: ['launch-vcpu-limit', scaling([...two, young[0]])] })
  t.same(old.ids, ['i-0b1'])
  const still = await launch({ answers: ['launch-vcpu-limit', scaling(two, { DesiredCapacity: 3 })], limits: soon })
  t.match(still.ids, { message: 'Auto Scaling cannot launch: Auto Scaling started no launch within 0.3 s' })
  t.same(still.capacities, [3, 2])
  const failure = await recorded('launch-vcpu-limit')
  const [activity] = (failure.output as { Activities: object[] }).Activities
  const Activities = [{ ...activity, Description: 'Terminating EC2 instance: i-0a9' }]
  const other = await launch({
    answers: [quiet, { ...failure, output: { Activities } }, scaling(two), scaling([...two, young[0]])],
  })
  t.same(other.ids, ['i-0b1'])
})

t.test('a time-out sets the size back', async (t) => {
  const { ids, capacities } = await launch({ answers: [quiet, scaling(two, { DesiredCapacity: 3 })], limits: soon })
  t.match(ids, { kind: 'failed', message: /started no launch within 0\.3 s/ })
  t.same(capacities, [3, 2])
})

t.test('an interruption ends the waiting at once, and what was asked for goes on', async (t) => {
  const signal = AbortSignal.timeout(50)
  const startedMs = Date.now()
  const { ids, capacities } = await launch({ answers: [quiet, scaling(two, { DesiredCapacity: 3 })], signal })
  t.ok(Date.now() - startedMs < slowed(250))
  t.not((ids as { name?: string }).name, 'OperatorError', 'the verb says how it was stopped')
  t.same(capacities, [3])
})

t.test('launches that cannot be', async (t: Test) => {
  const gone = answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [] })
  t.match((await launch({ answers: [quiet, gone] })).ids, { kind: 'failed', message: /was removed during the launch$/ })
  const stopped = await launch({ before: scalingGroup(two, suspended('Launch')), answers: [] })
  t.match(stopped, {
    ids: {
      message: 'Auto Scaling cannot launch: somebody has suspended its process Launch',
      hint: `aws autoscaling resume-processes --auto-scaling-group-name ${group.scaling} --scaling-processes Launch`,
    },
    capacities: [],
  })
  const words = 'New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup.'
  const above = refusal('autoscaling:SetDesiredCapacity', 'ValidationError', words)
  await server.play([above, quiet])
  await t.rejects(launchMembers(aws, scalingGroup(two), 3, times), { message: /above max value 4/ })
})

// needs: .venv/moto
import t from 'tap'
import * as answers from '../../../../test/aws/group-answers.ts'
import { type RecordedAnswer, startRecorded } from '../../../../test/aws/recorded.ts'
import { openAws } from '../clients.ts'
import { namesOf } from '../names.ts'
import { observe } from './observation.ts'

const { answer, balancer, group, images, machine, machines, member, record, refusal, scaling, serviceStack, targets } =
  answers
const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())
const aws = openAws({ region: undefined, profile: undefined })
const names = namesOf(answers.group.name)

const two = [member('i-0a1'), member('i-0a2')]
const usual = [
  ...[serviceStack(), record({}), scaling(two), targets({ 'i-0a1': 'healthy', 'i-0a2': 'healthy' }), balancer()],
  ...[machines([machine('i-0a1'), machine('i-0a2')]), images({ 'ami-0new': '1.1.0' })],
]

/** Looks at a group of two healthy instances, of which some answers are others. */
async function look(changes: readonly RecordedAnswer[] = [], releases = new Map<string, string>(), isAtRest = false) {
  const changed = new Set(changes.map(({ operation }) => operation))
  await server.play([...usual.filter(({ operation }) => !changed.has(operation)), ...changes])
  const seen = await observe(aws, names, { releases, isAtRest })
  return { seen, group: seen?.group, operations: server.requests.map(({ operation }) => operation) }
}

/** The same stack in another state. */
function inState(of: RecordedAnswer, StackStatus: string): RecordedAnswer {
  const { Stacks } = of.output as { Stacks: object[] }
  return { ...of, output: { Stacks: [{ ...Stacks[0], StackStatus }] } }
}

t.test('a group in full', async (t) => {
  const instance = (id: string) => ({
    id,
    imageId: 'ami-0new',
    release: '1.1.0',
    state: 'running',
    health: 'healthy',
    url: 'http://10.0.0.7',
    startedAt: '2026-01-01T00:00:00.000Z',
    ssh: { host: '10.0.0.7', port: 22, user: 'admin' },
    zone: 'eu-central-1a',
  })
  const { group } = await look()
  t.same(group, {
    name: 'shop',
    imageId: 'ami-0new',
    size: 2,
    url: 'http://shop.example',
    loadBalancer: 'running',
    instances: [instance('i-0a1'), instance('i-0a2')],
    aside: [],
    notes: [],
  })
})

t.test('the size is what Auto Scaling wants now, but for a verb on its way', async (t) => {
  t.equal((await look([scaling(two, { DesiredCapacity: 5 })])).group?.size, 5)
  t.equal((await look([scaling(two, { DesiredCapacity: 5 }), record({ size: 2 })])).group?.size, 2)
})

t.test('a roll tells where the group goes, also before the stack knows', async (t) => {
  const roll = { imageId: 'ami-0next', previousImageId: 'ami-0new', startedAt: '2026-01-01T00:00:00.000Z' }
  const forth = { roll: { ...roll, force: false, rollingBack: false } }
  t.match((await look([record(forth)])).group, { imageId: 'ami-0next', ...forth })
  t.match((await look([record({ roll: { ...forth.roll, rollingBack: true } })])).group, { imageId: 'ami-0new' })
})

t.test('what is no capacity is told beside it, the warm pool by its machines', async (t) => {
  const others = [member('i-0s1', 'Standby'), member('i-0d1', 'Detaching'), member('i-0e1', 'Terminated')]
  const pool = { WarmPoolConfiguration: { PoolState: 'Stopped' }, WarmPoolSize: 1 }
  const all = [...two, ...others].map(({ InstanceId }) => machine(InstanceId))
  const warm = [machine('i-0w1', 'stopped'), machine('i-0w2', 'terminated')]
  const { group } = await look([scaling([...two, ...others], pool), machines([...all, ...warm])])
  t.same(
    group?.instances.map(({ id }) => id),
    ['i-0a1', 'i-0a2'],
  )
  t.same(group?.aside, [
    { id: 'i-0s1', because: 'in standby' },
    { id: 'i-0d1', because: 'being detached' },
    { id: 'i-0w1', because: 'in the warm pool' },
  ])
  t.same((await look([machines([...all, ...warm])])).group?.aside, [], 'without a warm pool nobody is in it')
})

t.test('pages of machines are followed to the end', async (t) => {
  const ids = ['i-0a1', 'i-0a2', 'i-0a3']
  const { group, operations } = await look([
    scaling(ids.map((id) => member(id))),
    machines([machine('i-0a1')], { next: 'two' }),
    machines([machine('i-0a2')], { token: 'two', next: 'three' }),
    machines([machine('i-0a3')], { token: 'three' }),
  ])
  t.same(
    group?.instances.map(({ id, imageId }) => [id, imageId]),
    ids.map((id) => [id, 'ami-0new']),
  )
  t.equal(operations.filter((one) => one === 'DescribeInstances').length, 3)
  t.match(server.requests.find(({ operation }) => operation === 'DescribeInstances')?.input, { MaxResults: 1000 })
})

t.test('one look costs as many calls for a thousand instances as for two', async (t) => {
  const few = (await look()).operations
  const ids = Array.from({ length: 1000 }, (_, index) => `i-${index.toString(16).padStart(8, '0')}`)
  const health = targets(Object.fromEntries(ids.map((id) => [id, 'healthy'])))
  const many = await look([scaling(ids.map((id) => member(id))), machines(ids.map((id) => machine(id))), health])
  t.equal(many.group?.instances.length, 1000)
  t.same(many.operations.toSorted(), few.toSorted())
  t.equal(few.length, 7)
})

t.test('an image that is gone has an unknown release, and is asked for once', async (t) => {
  const releases = new Map<string, string>()
  const gone = [machines([machine('i-0a1', 'running', { ImageId: 'ami-0gone' }), machine('i-0a2')])]
  const first = await look(gone, releases)
  t.same(
    first.group?.instances.map(({ release }) => release),
    ['unknown', '1.1.0'],
  )
  const again = await look(gone, releases)
  t.match(again.group?.instances, [{ release: 'unknown' }, { release: '1.1.0' }])
  t.notOk(again.operations.includes('DescribeImages'))
})

t.test('what was deleted by hand', async (t) => {
  const noStack = refusal('cloudformation:DescribeStacks', 'ValidationError', 'Stack with id x does not exist')
  t.equal((await look([noStack])).group, undefined)
  const noScaling = answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [] })
  await t.rejects(look([noScaling]), {
    kind: 'failed',
    isOfBrokenGroup: true,
    message: 'the Auto Scaling group of group shop was deleted outside CloudFormation',
    hint: 'npm run destroy, then npm run deploy to create the group again',
  })
  for (const status of ['DELETE_IN_PROGRESS', 'DELETE_FAILED']) {
    t.equal((await look([noScaling, inState(serviceStack(), status)])).group, undefined, status)
  }
  const noBalancer = refusal('elbv2:DescribeLoadBalancers', 'LoadBalancerNotFound', 'One or more not found')
  t.match((await look([noBalancer])).group, { loadBalancer: 'stopped', instances: [{ health: 'healthy' }, {}] })
  const noTargets = refusal('elbv2:DescribeTargetHealth', 'TargetGroupNotFound', 'One or more not found')
  t.match((await look([noTargets])).group, { loadBalancer: 'stopped', instances: [{ health: 'unused' }, {}] })
  const unlistened = targets({ 'i-0a1': 'unused', 'i-0a2': 'unused' }, 'Target.NotInUse')
  t.match((await look([unlistened])).group, { loadBalancer: 'stopped' }, 'no listener leads to the target group')
  t.match((await look([targets({})])).group, { loadBalancer: 'running' }, 'an empty target group is none of these')
  t.match((await look([balancer('failed')])).group, { loadBalancer: 'stopped' })
  t.match((await look([balancer('provisioning')])).group, { loadBalancer: 'running' })
  const noRecord = refusal('ssm:GetParameter', 'ParameterNotFound', '')
  t.match((await look([noRecord])).group, { size: 2, imageId: 'ami-0new' }, 'a record that is gone costs its contents')
})

t.test('a stack that cannot be changed is told, the network at rest alone, for eight calls in all', async (t) => {
  const network = { StackName: names.networkStack }
  const noNetwork = refusal(
    'cloudformation:DescribeStacks',
    'ValidationError',
    'Stack with id x does not exist',
    network,
  )
  const notes = async (isAtRest: boolean, ...stacks: RecordedAnswer[]) => {
    const { group, operations } = await look(stacks, new Map(), isAtRest)
    t.equal(operations.length, isAtRest ? 8 : 7)
    return group?.notes
  }
  const service = serviceStack()
  const stuck = inState(service, 'UPDATE_ROLLBACK_FAILED')
  t.same(await notes(true, service), [])
  const told = [
    'stack bakeroll-shop-service could not be updated, and its rollback failed (UPDATE_ROLLBACK_FAILED): aws cloudformation continue-update-rollback --stack-name bakeroll-shop-service',
  ]
  t.same(await notes(false, stuck), told)
  t.same(await notes(false, service, noNetwork), [], 'nobody asks for the network while a verb is at work')
  t.same(await notes(true, { ...service, input: { StackName: group.stack } }, noNetwork), [
    'stack bakeroll-shop-network, which bakeroll-shop-service needs, was deleted: npm run destroy, then npm run deploy to create the group again',
  ])
  const updating = { ...inState(service, 'UPDATE_IN_PROGRESS'), input: network }
  t.match(await notes(true, { ...service, input: { StackName: group.stack } }, updating), [
    /is being updated \(UPDATE_IN_PROGRESS\)$/,
  ])
})

t.test('what a verb left is told in words', async (t) => {
  const undo = { suspended: ['AZRebalance'], minSize: 2, maxSize: 4, launchTemplateVersion: '$Latest' }
  t.same((await look([record({ undo })])).group?.notes, [
    'still changed, and restored by the next verb: suspended AZRebalance; the minimum (was 2); the maximum (was 4); the version of the launch template',
  ])
})

t.test('a record that is none is said with the way out', async (t) => {
  for (const Value of ['', 'null', '[]', '{"size":']) {
    const Parameter = { Name: names.recordParameter, Type: 'String', Value, Version: 1 }
    await t.rejects(look([answer('ssm:GetParameter', { Parameter })]), {
      kind: 'failed',
      message: /^the SSM parameter \/bakeroll\/shop\/record holds no record of a group/,
      hint: /^aws ssm delete-parameter --name \/bakeroll\/shop\/record/,
    })
  }
})

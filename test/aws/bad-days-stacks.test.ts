/* Stacks that are not as they should be, and parts of a group that somebody deleted by hand: what each verb says, and does. */
import { DeleteAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling'
import { DescribeStacksCommand, type Stack, type StackStatus } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { deleteStack } from '../../tasks/platforms/aws/stacks/stacks.ts'
import type { VerbName } from '../../tasks/terminal/verbs.ts'
import { type RecordedAnswer, startRecorded } from './recorded.ts'
import { answer } from './stack-answers.ts'
import { assertClear, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws, moto } = group
const [first, second] = images
await succeed('deploy', '--image', first, '--yes')
const told = await startRecorded([], { elsewhere: moto.url })
t.teardown(() => told.stop())
const proxyUrl = process.env['AWS_ENDPOINT_URL']
t.afterEach(() => {
  process.env['AWS_ENDPOINT_URL'] = proxyUrl
})

/** From now on AWS tells a stack of the group in this state; everything else is moto's. */
async function tellState(name: string, StackStatus: StackStatus): Promise<void> {
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
  const found = plainly({ ...(Stacks[0] as Stack), StackStatus })
  const asked = [name, Stacks[0]?.StackId]
  await told.play(
    asked.map((StackName): RecordedAnswer => answer('DescribeStacks', { Stacks: [found] }, { StackName })),
  )
  process.env['AWS_ENDPOINT_URL'] = told.url
}

/** As JSON has it, with what the API of AWS tells. */
function plainly({ StackName, StackId, CreationTime, StackStatus, Parameters, Outputs, Tags }: Stack): object {
  return JSON.parse(JSON.stringify({ StackName, StackId, CreationTime, StackStatus, Parameters, Outputs, Tags }))
}

const service = 'bakeroll-shop-service'
const network = 'bakeroll-shop-network'
const deploy = ['deploy', '--yes', '--image', first] as const
const changing: readonly (readonly [VerbName, ...string[]])[] = [deploy, ['roll', '--image', second]]

const badStates: readonly (readonly [state: StackStatus, says: RegExp, hint: RegExp])[] = [
  [
    'UPDATE_ROLLBACK_FAILED',
    /could not be updated, and not go back/,
    /^aws cloudformation continue-update-rollback --/,
  ],
  ['UPDATE_FAILED', /could not be updated, and was told not to go back/, /^aws cloudformation rollback-stack --/],
  ['DELETE_FAILED', /could not be deleted/, /^npm run destroy deletes the rest; then npm run deploy/],
  ['UPDATE_IN_PROGRESS', /is being updated/, /^wait for its end: aws cloudformation describe-stacks/],
  ['DELETE_IN_PROGRESS', /is being deleted/, /^wait for its end: aws cloudformation describe-stacks/],
  ['IMPORT_ROLLBACK_FAILED', /not go back/, /^aws cloudformation continue-update-rollback --/],
]

for (const [state, says, hint] of badStates) {
  t.test(`the service stack is ${state}: nothing that changes it is begun`, async (t) => {
    await tellState(service, state)
    for (const [verb, ...words] of changing) {
      const before = await group.snapshot()
      const end = await run(verb, ...words)
      assertClear(t, end, verb)
      t.equal(end.exitCode, 3, verb)
      t.match(end.errors[0], says, verb)
      t.match(end.errors[0], `(${state})`, verb)
      t.match(end.hint, hint, verb)
      t.same(await group.snapshot(), before, `${verb}: nothing is touched`)
      t.same(await group.locks(), [], verb)
    }
    t.match(await run('status'), { exitCode: 0, facts: { group: { imageId: first, size: 2 } } })
  })
}

t.test("somebody's update of the network is waited for by nobody, and a deploy says so", async (t) => {
  await tellState(network, 'UPDATE_IN_PROGRESS')
  const end = await run(...deploy)
  t.equal(end.exitCode, 3)
  t.match(end.errors[0], /^stack bakeroll-shop-network is being updated .*\(UPDATE_IN_PROGRESS\)$/)
})

t.test('a destroy does not begin while somebody updates the service stack', async (t) => {
  await tellState(service, 'UPDATE_IN_PROGRESS')
  const end = await run('destroy', '--yes')
  assertClear(t, end, 'destroy')
  t.equal(end.exitCode, 3)
  t.match(end.errors[0], /is being updated/)
  t.same(await group.locks(), [])
})

t.test('the service stack was deleted by hand: status sees no group, a deploy makes it anew', async (t) => {
  await deleteStack(aws, service)
  t.match(await run('status'), { exitCode: 0, facts: { group: null } })
  for (const [verb, ...words] of [['roll'], ['scale', '3'], ['heal'], ['rollback']] as const) {
    const end = await run(verb, ...words)
    assertClear(t, end, verb)
    t.equal(end.exitCode, 2, verb)
    t.match(end.errors[0], 'there is no group', verb)
    t.match(end.hint, 'npm run deploy', verb)
  }
  const made = await run(...deploy)
  t.match(made, { exitCode: 0, facts: { outcome: 'created', size: 2 } }, made.stderr)
  await deleteStack(aws, service)
  t.match(await run('destroy', '--yes'), { exitCode: 0, facts: { left: [] } })
  await succeed(...deploy)
})

t.test("the Auto Scaling group was deleted by hand, which moto's DeleteStack cannot bear", async (t) => {
  const { AutoScalingGroupName } = await outputsOf(service)
  await aws.autoScaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete: true }))
  const end = await run(...deploy)
  assertClear(t, end, 'deploy')
  t.equal(end.exitCode, 5)
  t.match(end.errors[0], /^the Auto Scaling group of group shop was deleted behind CloudFormation's back$/)
  t.match(end.hint, /npm run destroy and npm run deploy/)
  t.same(await group.locks(), [])
})

async function outputsOf(name: string): Promise<Record<string, string>> {
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
  return Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  )
}

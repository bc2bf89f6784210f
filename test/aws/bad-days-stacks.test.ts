// needs: aws, .venv/moto
/* A network in the hands of somebody else, and parts of a group that somebody deleted by hand: what each verb says, and does. */
import { DeleteAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { deleteStack } from '../../tasks/platforms/aws/cloudformation/stacks.ts'
import { tellState } from './told-stack.ts'
import { assertClear, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws, proxy } = group
const [first] = images
await succeed('deploy', '--image', first, '--yes')
t.afterEach(() => proxy.reset())

const service = 'bakeroll-shop-service'
const network = 'bakeroll-shop-network'
const deploy = ['deploy', '--yes', '--image', first] as const
t.test("somebody's update of the network is waited for by nobody, and a deploy says so", async (t) => {
  tellState(proxy, network, 'UPDATE_IN_PROGRESS')
  const before = await group.snapshot()
  const end = await run(...deploy)
  t.equal(end.exitCode, 3)
  assertClear(t, end, 'deploy')
  t.match(end.errors[0], /^stack bakeroll-shop-network is being updated .*\(UPDATE_IN_PROGRESS\)$/)
  t.match(
    end.hint,
    /^wait until it has finished \(aws cloudformation describe-stacks --stack-name bakeroll-shop-network\)/,
  )
  t.same(await group.snapshot(), before, 'nothing is touched')
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
  t.match(end.errors[0], /^the Auto Scaling group of group shop was deleted outside CloudFormation$/)
  t.match(end.hint, /npm run destroy, then npm run deploy/)
  t.same(await group.locks(), [])
})

async function outputsOf(name: string): Promise<Record<string, string>> {
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
  return Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  )
}

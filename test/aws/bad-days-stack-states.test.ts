// needs: aws, .venv/moto
/* The service stack in each of CloudFormation's bad states: what deploy, roll, status and destroy say, and do. */
import { CreateChangeSetCommand, type StackStatus } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { deleteStack } from '../../tasks/platforms/aws/cloudformation/stacks.ts'
import type { VerbName } from '../../tasks/settings/verbs.ts'
import { tellState } from './told-stack.ts'
import { assertAtRest, assertClear, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws, proxy } = group
const [first, second] = images
const service = 'bakeroll-shop-service'
const deploy = ['deploy', '--yes', '--image', first] as const
await succeed(...deploy)
t.afterEach(() => proxy.reset())

const again =
  /^wait until it has finished \(aws cloudformation describe-stacks --stack-name bakeroll-shop-service\), then try again/
/** States in which a stack stands but cannot be changed. `refusesDestroy`: nor deleted. */
const standing: readonly {
  readonly state: StackStatus
  readonly says: string
  readonly hint: RegExp
  readonly refusesDestroy?: true
}[] = [
  {
    state: 'UPDATE_ROLLBACK_FAILED',
    says: 'could not be updated, and its rollback failed',
    hint: /^aws cloudformation continue-update-rollback --stack-name bakeroll-shop-service$/,
  },
  {
    state: 'UPDATE_FAILED',
    says: 'could not be updated, with rollback disabled',
    hint: /^aws cloudformation rollback-stack --stack-name bakeroll-shop-service$/,
  },
  {
    state: 'IMPORT_ROLLBACK_FAILED',
    says: 'could not import resources, and its rollback failed',
    hint: /^aws cloudformation continue-update-rollback --stack-name bakeroll-shop-service$/,
  },
  {
    state: 'DELETE_FAILED',
    says: 'could not be deleted',
    hint: /^npm run destroy deletes the rest; then npm run deploy$/,
  },
  { state: 'UPDATE_IN_PROGRESS', says: 'is being updated', hint: again, refusesDestroy: true },
  { state: 'IMPORT_IN_PROGRESS', says: 'is importing resources', hint: again, refusesDestroy: true },
  { state: 'DELETE_IN_PROGRESS', says: 'is being deleted', hint: again },
]

for (const { state, says, hint, refusesDestroy } of standing) {
  t.test(`${state}: what would change the stack is refused, and status tells why`, async (t) => {
    const before = await group.snapshot()
    const refusing: (readonly [VerbName, ...string[]])[] = [deploy, ['roll', '--image', second]]
    if (refusesDestroy) refusing.push(['destroy', '--yes'])
    for (const [verb, ...words] of refusing) {
      proxy.reset()
      tellState(proxy, service, state)
      const end = await run(verb, ...words)
      assertClear(t, end, verb)
      t.equal(end.exitCode, 3, `${verb}: ${end.stderr}`)
      t.match(end.errors[0], `stack ${service} ${says}`, verb)
      t.match(end.errors[0], `(${state})`, verb)
      t.match(end.hint, hint, verb)
      t.same(proxy.actions().filter(isTouching), [], `${verb}: no call that changes anything`)
      t.same(await group.snapshot(), before, verb)
      t.same(await group.locks(), [], verb)
    }
    const status = await run('status')
    t.match(status, { exitCode: 0, facts: { group: { imageId: first, size: 2 } } })
    t.match(status.facts.group.notes.join('\n'), `stack ${service} ${says} (${state})`)
  })
}

/** A lock, or a change set that is only worked out, is nothing that anybody has to put back. */
function isTouching(action: string): boolean {
  const passing = ['ssm:PutParameter', 'ssm:DeleteParameters', 'cloudformation:CreateChangeSet']
  passing.push('cloudformation:DeleteChangeSet')
  return !/:(Describe|Get|List)/.test(action) && !passing.includes(action)
}

for (const state of ['UPDATE_ROLLBACK_FAILED', 'DELETE_FAILED'] as const) {
  t.test(`${state}: destroy removes the group all the same`, async (t) => {
    tellState(proxy, service, state)
    const end = await run('destroy', '--yes')
    t.match(end, { exitCode: 0, facts: { left: [] } }, end.stderr)
    t.match(end.stderr, `to remove: stack ${service} (${state})`)
    t.same((await group.snapshot()).stacks, {})
    proxy.reset()
    await succeed(...deploy)
  })
}

for (const state of ['ROLLBACK_COMPLETE', 'CREATE_FAILED', 'ROLLBACK_FAILED'] as const) {
  t.test(`${state}: there is no group; deploy clears away what its first creation left, destroy too`, async (t) => {
    tellState(proxy, service, state)
    t.match(await run('status'), { exitCode: 0, facts: { group: null } })
    const roll = await run('roll', '--image', second)
    assertClear(t, roll, 'roll')
    t.match(roll, { exitCode: 2, errors: [/^there is no group/], hint: /npm run deploy/ })
    const { instances = [] } = (await group.snapshot()).scaling[0] ?? {}

    const made = await run(...deploy)
    t.match(made, { exitCode: 0, facts: { outcome: 'created', image: first } }, made.stderr)
    t.match(made.stderr, `- leftovers of its failed creation (${state})`)
    const calls = proxy.calls.map(({ action }) => action)
    t.ok(calls.indexOf('DeleteStack') < calls.indexOf('ExecuteChangeSet'), 'deleted, then made')
    const anew = (await group.snapshot()).scaling[0]?.instances ?? []
    t.same(
      instances.filter((id) => anew.includes(id)),
      [],
    )
    await assertAtRest(t, group, 2, state)

    proxy.reset()
    tellState(proxy, service, state)
    t.match(await run('destroy', '--yes'), { exitCode: 0, facts: { left: [] } })
    t.same((await group.snapshot()).stacks, {})
    proxy.reset()
    await succeed(...deploy)
  })
}

t.test('REVIEW_IN_PROGRESS, only a change set of somebody: no group; destroy and deploy go on', async (t) => {
  await succeed('destroy', '--yes')
  const review = async () => {
    const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } })
    const spec = { StackName: service, ChangeSetName: 'of-somebody', ChangeSetType: 'CREATE', TemplateBody } as const
    await aws.cloudFormation.send(new CreateChangeSetCommand(spec))
  }
  await review()
  t.match(await run('status'), { exitCode: 0, facts: { group: null } })
  t.match(await run('roll'), { exitCode: 2, errors: [/^there is no group/] })
  const removed = await run('destroy', '--yes')
  t.match(removed, { exitCode: 0, facts: { removed: [`stack ${service} (REVIEW_IN_PROGRESS)`], left: [] } })
  await review()
  t.match(await run(...deploy), { exitCode: 0, facts: { outcome: 'created', size: 2 } })
  await assertAtRest(t, group, 2, 'deploy')
})

t.test('DELETE_IN_PROGRESS: destroy waits for the end of what somebody has begun', async (t) => {
  let isGone = false
  tellState(proxy, service, 'DELETE_IN_PROGRESS', () => isGone)
  const ended = run('destroy', '--yes')
  while (!proxy.calls.some(({ action }) => action === 'DescribeStackEvents')) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await deleteStack(aws, service)
  isGone = true
  const end = await ended
  t.match(end, { exitCode: 0, facts: { left: [] } }, end.stderr)
  t.match(end.stderr, `stack ${service} is being deleted: waiting for it to finish`)
})

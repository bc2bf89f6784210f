import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeImagesCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2'
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { paginateDescribeParameters } from '@aws-sdk/client-ssm'
import type { Test } from 'tap'
import type { Aws } from '../../tasks/platforms/aws/clients.ts'

/** What a verb left behind. */
export interface Ending {
  readonly exitCode: number
  // biome-ignore lint/suspicious/noExplicitAny: the facts of a verb are whatever its JSON says; the tests look into it.
  readonly facts: any
  readonly stderr: string
}

/** Runs a verb on the emulated platform. */
export type RunVerb = (verb: string, ...flags: string[]) => Promise<Ending>

/** From nothing to a group and back to nothing: plan, deploy, status, scale, roll, rollback, destroy. Both images are verified. */
export async function groupStory(t: Test, run: RunVerb, aws: Aws, [first, second]: readonly [string, string]) {
  t.setTimeout(600_000)
  await t.test('a plan shows what would be made and what it costs, and leaves nothing', async (t) => {
    const { exitCode, facts, stderr } = await run('deploy', '--image', first, '--plan')
    t.equal(exitCode, 0, stderr)
    const text = facts.steps.join('\n')
    t.match(text, /AWS::ElasticLoadBalancingV2::LoadBalancer/)
    t.match(text, /USD a month/)
    t.same(await remains(aws), [])
  })
  await t.test('a deploy makes the group, and a second one has nothing to do', async (t) => {
    const { exitCode, facts, stderr } = await run('deploy', '--image', first, '--yes')
    t.equal(exitCode, 0, stderr)
    t.match(facts, { outcome: 'created', image: first, size: 2, outdated: 0, url: /^http/ })
    t.match(await run('deploy', '--yes'), { exitCode: 0, facts: { outcome: 'unchanged' } })
  })
  await t.test('status shows the instances, healthy and on the image', async (t) => {
    const { facts } = await run('status')
    t.match(facts.group, { imageId: first, size: 2, loadBalancer: 'running', lock: null, notes: [] })
    t.equal(facts.instances.length, 2)
    for (const one of facts.instances) t.match(one, { image: first, state: 'running', health: 'healthy' })
  })
  await t.test('scale, roll and rollback', { timeout: 300_000 }, async (t) => {
    t.match(await run('scale', '3'), { exitCode: 0, facts: { outcome: 'updated', size: 3 } })
    const rolled = await run('roll', '--image', second)
    t.equal(rolled.exitCode, 0, rolled.stderr)
    t.match(rolled.facts, { outcome: 'rolled', image: second })
    t.equal(rolled.facts.replaced.length, 3)
    await everyInstanceRuns(t, run, second, 3)
    const back = await run('rollback')
    t.match(back, { exitCode: 0, facts: { outcome: 'rolled', image: first } })
    await everyInstanceRuns(t, run, first, 3)
    t.match(await run('roll', '--image', first), { exitCode: 0, facts: { outcome: 'unchanged' } })
  })
  await t.test('the images know who uses them', async (t) => {
    const { facts } = await run('images')
    const uses = new Map(facts.images.map(({ id, usedBy }: { id: string; usedBy: string[] }) => [id, usedBy]))
    t.match(uses.get(first), [/wanted image/])
    t.match(uses.get(second), [/rollback target/])
  })
  await t.test('destroy leaves nothing, images included, and says so', async (t) => {
    t.match(await run('destroy'), { exitCode: 3 })
    const { exitCode, facts, stderr } = await run('destroy', '--images', '--yes')
    t.equal(exitCode, 0, stderr)
    t.same(facts.left, [])
    t.ok(facts.removed.includes(first))
    t.same(await remains(aws), [])
    t.same((await aws.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images, [])
    t.match(await run('destroy', '--images', '--yes'), { exitCode: 0, facts: { removed: [], left: [] } })
  })
}

async function everyInstanceRuns(t: Test, run: RunVerb, image: string, count: number): Promise<void> {
  const { facts } = await run('status')
  t.equal(facts.instances.length, count)
  for (const one of facts.instances) t.match(one, { image, state: 'running', health: 'healthy' })
  t.match(facts.group, { size: count, imageId: image, notes: [] })
}

/** Everything of any group that is there, found by other ways than the product's own. */
async function remains(aws: Aws): Promise<string[]> {
  const found: string[] = []
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({}))
  found.push(
    ...Stacks.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE').map(({ StackName = '' }) => StackName),
  )
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: aws.ec2 }, {})) {
    const machines = Reservations.flatMap(({ Instances = [] }) => Instances)
    found.push(...machines.filter(({ State }) => State?.Name !== 'terminated').map(({ InstanceId = '' }) => InstanceId))
  }
  for await (const { Parameters = [] } of paginateDescribeParameters({ client: aws.ssm }, {})) {
    found.push(...Parameters.map(({ Name = '' }) => Name).filter((name) => name.startsWith('/bakeroll')))
  }
  const { ResourceTagMappingList = [] } = await aws
    .open(ResourceGroupsTaggingAPIClient)
    .send(new GetResourcesCommand({ TagFilters: [{ Key: 'bakeroll:group' }] }))
  const tagged = ResourceTagMappingList.map(({ ResourceARN = '' }) => ResourceARN)
  return [...found, ...tagged.filter((arn) => !/:instance\//.test(arn))]
}

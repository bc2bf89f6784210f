// needs: aws, .venv/moto
import { join } from 'node:path'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeImagesCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2'
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { paginateDescribeParameters } from '@aws-sdk/client-ssm'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { registerImage } from './image.ts'
import { startMoto } from './moto.ts'

const repository = join(import.meta.dirname, '../..')
const moto = await startMoto()
t.teardown(moto.stop)
Object.assign(process.env, moto.env)
const aws = openAws({ region: undefined, profile: undefined })
const home = t.testdir()
const [first, second] = [await registerImage(aws, '1.0.0'), await registerImage(aws, '1.1.0')]

/** Runs a verb as `npm run` does, on moto. */
async function run(verb: string, ...flags: string[]) {
  // tap loads itself into every Node it starts; a verb must run as it does for a user.
  const env = { ...moto.env, BAKEROLL_HOME: home, BAKEROLL_PLATFORM: 'aws', NODE_OPTIONS: '' }
  const words = ['tasks/run.sh', verb, '--json', ...flags]
  const child = await execa('sh', words, { cwd: repository, env, stdin: 'ignore', reject: false })
  const facts = child.stdout === '' ? undefined : JSON.parse(child.stdout)
  return { exitCode: child.exitCode, facts, stderr: child.stderr }
}

/** From nothing to a group and back to nothing, each test carrying on where the one before has stopped. */
t.test('a plan shows what would be made and what it costs, and leaves nothing', { timeout: 300_000 }, async (t) => {
  const { exitCode, facts, stderr } = await run('deploy', '--image', first, '--plan')
  t.equal(exitCode, 0, stderr)
  const text = facts.steps.join('\n')
  t.match(text, /AWS::ElasticLoadBalancingV2::LoadBalancer/)
  t.match(text, /USD a month/)
  t.same(await leftovers(), [])
})
t.test('a deploy makes the group, and a second one has nothing to do', { timeout: 300_000 }, async (t) => {
  const { exitCode, facts, stderr } = await run('deploy', '--image', first, '--yes')
  t.equal(exitCode, 0, stderr)
  t.match(facts, { outcome: 'created', image: first, size: 2, outdated: 0, url: /^http/ })
  t.match(await run('deploy', '--yes'), { exitCode: 0, facts: { outcome: 'unchanged' } })
})
t.test('status shows the instances, healthy and on the image', { timeout: 300_000 }, async (t) => {
  const { facts } = await run('status')
  t.match(facts.group, { imageId: first, size: 2, loadBalancer: 'running', lock: null, notes: [] })
  t.equal(facts.instances.length, 2)
  for (const one of facts.instances) t.match(one, { image: first, state: 'running', health: 'healthy' })
})
t.test('scale, roll and rollback', { timeout: 300_000 }, async (t) => {
  t.match(await run('scale', '3'), { exitCode: 0, facts: { outcome: 'updated', size: 3 } })
  const rolled = await run('roll', '--image', second)
  t.equal(rolled.exitCode, 0, rolled.stderr)
  t.match(rolled.facts, { outcome: 'rolled', image: second })
  t.equal(rolled.facts.replaced.length, 3)
  await everyInstanceRuns(t, second, 3)
  const back = await run('rollback')
  t.match(back, { exitCode: 0, facts: { outcome: 'rolled', image: first } })
  await everyInstanceRuns(t, first, 3)
  t.match(await run('roll', '--image', first), { exitCode: 0, facts: { outcome: 'unchanged' } })
})
t.test('the images know who uses them', { timeout: 300_000 }, async (t) => {
  const { facts } = await run('images')
  const uses = new Map(facts.images.map(({ id, usedBy }: { id: string; usedBy: string[] }) => [id, usedBy]))
  t.match(uses.get(first), [/wanted image/])
  t.match(uses.get(second), [/rollback target/])
})
t.test('destroy leaves nothing, images included, and says so', { timeout: 300_000 }, async (t) => {
  t.match(await run('destroy'), { exitCode: 3 })
  const { exitCode, facts, stderr } = await run('destroy', '--images', '--yes')
  t.equal(exitCode, 0, stderr)
  t.same(facts.left, [])
  t.ok(facts.removed.includes(first))
  t.same(await leftovers(), [])
  t.same((await aws.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images, [])
  t.match(await run('destroy', '--images', '--yes'), { exitCode: 0, facts: { removed: [], left: [] } })
})

async function everyInstanceRuns(t: Test, image: string, count: number): Promise<void> {
  const { facts } = await run('status')
  t.equal(facts.instances.length, count)
  for (const one of facts.instances) t.match(one, { image, state: 'running', health: 'healthy' })
  t.match(facts.group, { size: count, imageId: image, notes: [] })
}

/** Everything of any group that is there, found by other ways than the product's own. */
async function leftovers(): Promise<string[]> {
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

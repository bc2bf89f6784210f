// needs: aws, .venv/moto
/* What somebody did to a group by hand, and what is left of a creation that failed: what the verbs say, and that destroy goes on. */
import { join } from 'node:path'
import { DescribeStacksCommand, type Stack, type StackStatus } from '@aws-sdk/client-cloudformation'
import { CreateLaunchTemplateVersionCommand } from '@aws-sdk/client-ec2'
import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm'
import { execa } from 'execa'
import t from 'tap'
import { denied } from './faults.ts'
import { answer } from './group-answers.ts'
import { type RecordedAnswer, startRecorded } from './recorded.ts'
import * as stackAnswers from './stack-answers.ts'
import { assertClear, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws, moto, proxy } = group
const [first, second] = images
const told = await startRecorded([], { elsewhere: moto.url })
t.teardown(() => told.stop())
const proxyUrl = process.env['AWS_ENDPOINT_URL']
t.afterEach(() => {
  proxy.reset()
  process.env['AWS_ENDPOINT_URL'] = proxyUrl
})

const service = 'bakeroll-shop-service'
const network = 'bakeroll-shop-network'
const deploy = ['deploy', '--yes', '--image', first] as const

/** From now on AWS gives these answers; everything else is moto's. */
async function tell(...answers: RecordedAnswer[]): Promise<void> {
  await told.play(answers)
  process.env['AWS_ENDPOINT_URL'] = told.url
}

/** A stack in this state, as AWS tells it by its name; without outputs when its creation has failed. */
async function inState(name: string, StackStatus: StackStatus): Promise<RecordedAnswer> {
  const { Stacks: [found] = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
  const { StackName, StackId, CreationTime, Parameters, Outputs, Tags } = found as Stack
  const outputs = /^(ROLLBACK|REVIEW)/.test(StackStatus) ? {} : { Outputs }
  const stack = { StackName, StackId, CreationTime, StackStatus, Parameters, Tags, ...outputs }
  return stackAnswers.answer('DescribeStacks', { Stacks: [JSON.parse(JSON.stringify(stack))] }, { StackName: name })
}

const gone = (StackName: string): RecordedAnswer => ({
  ...stackAnswers.refused('DescribeStacks', 'ValidationError', `Stack with id ${StackName} does not exist`),
  input: { StackName },
})
const noScaling = answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [] })
const asking = ['status', 'roll', 'rollback', 'heal', 'scale', 'logs', 'ssh'] as const

/** What a person reads where there is no group. */
async function statusText(): Promise<string> {
  const main = join(import.meta.dirname, '../../tasks/terminal/main.ts')
  const home = t.testdirName
  const { stdout } = await execa('node', [main, 'status', '--platform', 'aws'], { env: { BAKEROLL_HOME: home } })
  return stdout
}

t.test('where there is no group, every verb says in which region', async (t) => {
  t.equal(await statusText(), 'there is no group shop in eu-central-1; npm run deploy makes it')
  for (const verb of asking.slice(1)) {
    const end = await run(verb, ...(verb === 'scale' ? ['3'] : []))
    assertClear(t, end, verb)
    t.equal(end.exitCode, 2, verb)
    t.equal(end.errors[0], 'there is no group yet in eu-central-1', verb)
  }
  t.equal((await run('roll', '--engine', 'refresh')).errors[0], 'there is no group yet in eu-central-1')
  t.match((await run('check')).errors[0], /^there is no group shop in eu-central-1 to check$/)
  await succeed(...deploy)
  t.match(await run('status'), { facts: { group: { notes: [] } } })
})

t.test('status tells a stack that is stuck, half deleted, or in the hands of somebody else', async (t) => {
  const table: [stack: string, state: StackStatus, note: RegExp][] = [
    [
      service,
      'UPDATE_ROLLBACK_FAILED',
      /its rollback failed \(UPDATE_ROLLBACK_FAILED\): aws cloudformation continue-update-rollback/,
    ],
    [service, 'UPDATE_IN_PROGRESS', /is being updated \(UPDATE_IN_PROGRESS\)$/],
    [service, 'DELETE_FAILED', /could not be deleted \(DELETE_FAILED\): npm run destroy deletes the rest/],
    [network, 'UPDATE_FAILED', /with rollback disabled \(UPDATE_FAILED\): aws cloudformation rollback-stack/],
    [network, 'IMPORT_IN_PROGRESS', /is importing resources \(IMPORT_IN_PROGRESS\)$/],
  ]
  for (const [stack, state, note] of table) {
    await tell(await inState(stack, state))
    const { facts } = await run('status')
    t.match(facts, { group: { imageId: first, notes: { length: 1 } } }, state)
    t.match(facts.group.notes[0], new RegExp(`^stack ${stack} .*${note.source}`), state)
    t.match(await statusText(), note.source.endsWith('$') ? new RegExp(note.source, 'm') : note, state)
  }
})

t.test('status tells why there is no group when its first creation failed, or was never begun', async (t) => {
  const table: [state: StackStatus, why: string][] = [
    [
      'ROLLBACK_COMPLETE',
      'could not be created and was rolled back (ROLLBACK_COMPLETE): npm run deploy removes it and creates it again',
    ],
    ['REVIEW_IN_PROGRESS', 'has change sets only (REVIEW_IN_PROGRESS): npm run deploy creates it'],
  ]
  for (const [state, why] of table) {
    await tell(await inState(service, state))
    t.equal(await statusText(), `there is no group shop in eu-central-1: stack ${service} ${why}`)
    t.match(await run('status'), { exitCode: 0, facts: { group: null, notes: [`stack ${service} ${why}`] } })
  }
  const deleting = await inState(service, 'DELETE_IN_PROGRESS')
  await tell(deleting, noScaling)
  t.match(await run('status'), { exitCode: 0, facts: { group: null, notes: [/is being deleted/] } })
})

t.test('the network stack was deleted by hand: status says it, and a deploy makes no second network', async (t) => {
  await tell(gone(network))
  const problem = `stack ${network}, which ${service} needs, was deleted`
  t.match(await run('status'), { facts: { group: { notes: [new RegExp(`^${problem}: npm run destroy, then`)] } } })
  const before = await group.snapshot()
  for (const words of [deploy.slice(1), ['--plan']]) {
    const end = await run('deploy', ...words)
    assertClear(t, end, words.join(' '))
    t.match(end, {
      exitCode: 3,
      errors: [problem],
      hint: /^npm run destroy, then npm run deploy to create the group again$/,
    })
  }
  t.same(await group.snapshot(), before)
  t.same(await group.locks(), [])
})

t.test('a rollback that was interrupted is carried on by the next one, and not reversed', async (t) => {
  await succeed('roll', '--image', second)
  const Name = '/bakeroll/shop/record'
  const record = JSON.parse((await aws.ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? '')
  t.equal(record.previousImageId, first)
  const roll = { imageId: first, previousImageId: second, startedAt: new Date().toISOString(), force: false }
  const Value = JSON.stringify({ ...record, size: 2, roll: { ...roll, rollingBack: false, isRollback: true } })
  await aws.ssm.send(new PutParameterCommand({ Name, Value, Overwrite: true }))
  t.match(await run('rollback', '--dry-run'), { facts: { outcome: 'planned', image: first } })
  t.match(await run('rollback'), { exitCode: 0, facts: { outcome: 'rolled', image: first } })
  t.match(await run('status'), { facts: { group: { imageId: first, previousImageId: second } } })
})

t.test('images --retire deletes the versions of the launch template that nothing needs', async (t) => {
  t.match(await run('images', '--retire', '--dry-run'), { facts: { retirable: [] } })
  const { Stacks: [stack] = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: service }))
  const LaunchTemplateId = stack?.Outputs?.find(({ OutputKey }) => OutputKey === 'LaunchTemplateId')?.OutputValue
  for (let made = 0; made < 12; made++) {
    const LaunchTemplateData = { ImageId: made === 1 ? second : first }
    await aws.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }))
  }
  const planned = await run('images', '--retire', '--dry-run')
  const [what = ''] = planned.facts.superseded
  // 1 is the default, the instances are of 3, and the newest ten hold one of each image.
  t.equal(what, 'versions 2, 4 of the launch template of shop')
  t.same(planned.facts.retirable, [])

  proxy.rules.set('DeleteLaunchTemplateVersions', denied)
  const refused = await run('images', '--retire', '--yes')
  assertClear(t, refused, 'images')
  t.match(
    refused.errors[0],
    /^DeleteLaunchTemplateVersions: .* is not authorized to perform: ec2:DeleteLaunchTemplateVersions /,
  )
  proxy.reset()
  await tell(answer('ec2:DeleteLaunchTemplateVersions', {}))
  const end = await succeed('images', '--retire', '--yes')
  t.match(end.stderr, 'removed versions 2, 4 of the launch template of shop')
  t.match(told.requests, [{ operation: 'DeleteLaunchTemplateVersions', input: { Versions: ['2', '4'] } }])
})

t.test('the Auto Scaling group was deleted by hand: every verb says so, and destroy goes on', async (t) => {
  await tell(noScaling)
  for (const verb of [...asking, 'deploy', 'check'] as const) {
    const end = await run(verb, ...(verb === 'scale' ? ['3'] : verb === 'deploy' ? deploy.slice(1) : []))
    assertClear(t, end, verb)
    t.equal(end.exitCode, verb === 'check' ? 3 : 5, verb)
    t.equal(end.errors[0], 'the Auto Scaling group of group shop was deleted outside CloudFormation', verb)
    t.equal(end.hint, 'npm run destroy, then npm run deploy to create the group again', verb)
  }
  t.same(await group.locks(), [])
  const { facts } = await succeed('images')
  t.match(
    facts.images.find(({ id }: { id: string }) => id === first),
    { usedBy: ['shop: wanted image'] },
    'its images are still needed',
  )
  t.match(await run('destroy', '--yes'), { exitCode: 0, facts: { left: [] } })
  process.env['AWS_ENDPOINT_URL'] = proxyUrl
  t.match(await run('status'), { exitCode: 0, facts: { group: null } })
  t.match(await run(...deploy), { exitCode: 0, facts: { outcome: 'created' } })
})

t.test(
  'the network stack was deleted by hand, its parts were kept: destroy ends the service, and names what stays',
  async (t) => {
    await tell(gone(network))
    const end = await run('destroy', '--yes')
    assertClear(t, end, 'destroy')
    t.equal(end.exitCode, 5)
    t.match(end.errors[0], /vpc-\w+'? has dependencies and cannot be deleted \(DependencyViolation\)$/)
    t.same(await group.locks(), [])
    t.same((await group.snapshot()).scaling, [])
    t.match(await run('status'), { exitCode: 0, facts: { group: null } })
  },
)

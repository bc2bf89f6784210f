// needs: aws, .venv/moto
/* Images that cannot be used, launches that AWS refuses, the wrong region, and credentials that end in the middle of a roll. */
import { DescribeImagesCommand, EC2Client, RegisterImageCommand, StopInstancesCommand } from '@aws-sdk/client-ec2'
import t from 'tap'
import type { VerbName } from '../../tasks/settings/verbs.ts'
import { expired } from './faults.ts'
import { answer } from './group-answers.ts'
import { registerImage } from './image.ts'
import { recorded, startRecorded } from './recorded.ts'
import { assertAtRest, assertClear, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws, moto, proxy } = group
const [first, second] = images
process.env['BAKEROLL_ROLL_INSTANCE_TIMEOUT'] = '1s'
await succeed('deploy', '--image', first, '--yes')
const told = await startRecorded([], { elsewhere: moto.url })
t.teardown(() => told.stop())
const usual = { AWS_ENDPOINT_URL: process.env['AWS_ENDPOINT_URL'], AWS_REGION: process.env['AWS_REGION'] }
t.afterEach(() => {
  Object.assign(process.env, usual)
  proxy.reset()
})

t.test(
  'an image of another region or account, or one that is not verified, is wrong usage; the verified ones are named',
  async (t) => {
    const { ImageId: unverified = '' } = await aws.ec2.send(new RegisterImageCommand({ Name: 'of-somebody' }))
    const elsewhere = await registerImage({ ...aws, ec2: aws.open(EC2Client, 'eu-west-1') }, '1.2.0')
    const { Images: [ofAnother] = [] } = await aws.ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }))
    const before = await group.snapshot()
    for (const image of [unverified, elsewhere, ofAnother?.ImageId ?? '']) {
      for (const verb of ['deploy', 'roll'] as const) {
        const end = await run(verb, '--image', image, ...(verb === 'deploy' ? ['--yes'] : []))
        assertClear(t, end, `${verb} ${image}`)
        t.equal(end.exitCode, 2, `${verb} ${image}`)
        t.match(end.errors[0], image)
        t.match(end.hint, `verified: ${second} (1.1.0), ${first} (1.0.0)`)
      }
    }
    t.same(await group.snapshot(), before, 'nothing is touched')
  },
)

/** What AWS says, what the operator reads, and what to do about it. */
const refusals: readonly (readonly [name: string, says: RegExp, hint: RegExp, isOfOneZone?: true])[] = [
  ['launch-vcpu-limit', /current vCPU limit of \d+/, /^aws service-quotas request-service-quota-increase /],
  ['launch-image-gone', /The image id '\[ami-\w+\]' does not exist/, /^npm run images -- --platform aws; /],
  [
    'launch-type-not-in-zone',
    /instance type \(t3\.small\) is not supported in your requested Availability Zone \(eu-central-1c\)/,
    /^aws ec2 describe-instance-type-offerings /,
    true,
  ],
  [
    'launch-no-capacity',
    /sufficient t3\.small capacity in the Availability Zone you requested \(eu-central-1a\)/,
    /^run it again later, or with another type: /,
    true,
  ],
]

for (const [name, says, hint, isOfOneZone = false] of refusals) {
  t.test(
    `${name}: deploy, scale and heal fail with the reason${isOfOneZone ? '' : ', a roll goes back'}`,
    async (t) => {
      const words: readonly (readonly [VerbName, ...string[]])[] = [
        ['deploy', '--size', '3', '--yes'],
        ['scale', '3'],
        ['roll', '--image', second],
        ['heal'],
      ]
      for (const [verb, ...flags] of words) {
        // How long a roll tries again is told without AWS, in launch.test.ts and roll.test.ts.
        if (verb === 'roll' && isOfOneZone) continue
        if (verb === 'heal') await stopOne()
        await refuseLaunches(name, verb === 'roll' ? 60 : 1)
        const end = await run(verb, ...flags)
        assertClear(t, end, verb)
        t.equal(end.exitCode, verb === 'roll' ? 4 : 5, `${verb}: ${end.stderr}`)
        const repairs = JSON.stringify(end.facts.instances ?? '')
        t.match([...end.errors, end.facts.reason, repairs].join('\n'), says, verb)
        if (verb === 'deploy' || verb === 'scale') t.match(end.hint, hint, verb)
        const warning = new RegExp(`^warning: Auto Scaling cannot launch: .*: ${hint.source.replace('^', '')}`, 'm')
        if (verb === 'heal') t.match(end.stderr, warning, verb)
        allowLaunches()
        await succeed('scale', '2')
        await assertAtRest(t, group, 2, verb)
      }
      t.match(await run('status'), { facts: { group: { imageId: first } } })
    },
  )
}

/** The time of this computer, which leaps once a refusal was seen. */
const { now } = Date
let isLeaping = false
Date.now = () => now() + (isLeaping && told.requests.filter(isLook).length > 2 ? 61_000 : 0)
t.teardown(() => Object.assign(Date, { now }))

function isLook({ operation }: { readonly operation: string }): boolean {
  return operation === 'DescribeScalingActivities'
}

/** From now on so many launches are refused, and the minute in which Auto Scaling may try its other zones is over at once. */
async function refuseLaunches(name: string, times: number): Promise<void> {
  const quiet = answer('autoscaling:DescribeScalingActivities', { Activities: [] })
  // Before each attempt nothing has failed, then this one has.
  const attempts = Array.from({ length: times }, async () => [{ ...quiet }, await recorded(name)])
  await told.play([...(await Promise.all(attempts)).flat(), answer('autoscaling:SetDesiredCapacity')])
  process.env['AWS_ENDPOINT_URL'] = told.url
  isLeaping = true
}

function allowLaunches(): void {
  isLeaping = false
  Object.assign(process.env, usual)
}

async function stopOne(): Promise<void> {
  const [id = ''] = (await group.snapshot()).scaling[0]?.instances ?? []
  await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
}

t.test('the wrong region: there is no group there, and nothing is made', async (t) => {
  process.env['AWS_REGION'] = 'us-east-1'
  t.match(await run('status'), { exitCode: 0, facts: { group: null } })
  for (const verb of ['roll', 'rollback', 'heal'] as const) {
    const end = await run(verb)
    assertClear(t, end, verb)
    t.equal(end.exitCode, 2, verb)
    t.match(end.errors[0], 'there is no group', verb)
  }
  t.match(await run('deploy', '--yes'), { exitCode: 2, errors: [/there is no verified image yet/] })
})

t.test('credentials that end in the middle of a roll: a person is needed, and the same roll carries on', async (t) => {
  proxy.rules.set('DeregisterTargets', (call, body) => {
    proxy.rules.set('*', expired)
    return expired(call, body)
  })
  const end = await run('roll', '--image', second)
  assertClear(t, end, 'roll')
  t.equal(end.exitCode, 5, 'what was begun is not nothing')
  t.match(end.errors[0], /token included in the request is expired|Request has expired/)
  t.match(end.hint, /aws sso login/)
  proxy.reset()
  t.same(
    (await group.locks()).length,
    1,
    'without credentials no lock is given back; the next client finds its owner dead',
  )
})

/* Images that cannot be used, launches that AWS refuses, the wrong region, and credentials that end in the middle of a roll. */
import { RegisterImageCommand } from '@aws-sdk/client-ec2'
import t from 'tap'
import type { VerbName } from '../../tasks/terminal/verbs.ts'
import { expired } from './faults.ts'
import { answer } from './group-answers.ts'
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
  'an image that is not here, not ours, or not verified is wrong usage; the verified ones are named',
  async (t) => {
    const { ImageId: unverified = '' } = await aws.ec2.send(new RegisterImageCommand({ Name: 'of-somebody' }))
    const ofAnother = 'ami-0123456789abcdef0'
    for (const image of [unverified, ofAnother]) {
      for (const verb of ['deploy', 'roll'] as const) {
        const end = await run(verb, '--image', image, ...(verb === 'deploy' ? ['--yes'] : []))
        assertClear(t, end, `${verb} ${image}`)
        t.equal(end.exitCode, 2, `${verb} ${image}`)
        t.match(end.errors[0], image)
        t.match(end.hint, `verified: ${second} (1.1.0), ${first} (1.0.0)`)
      }
    }
  },
)

/** What keeps Auto Scaling from one zone only is waited for; launch.test.ts tells of that. */
const refusals = [
  ['launch-vcpu-limit', /quota of \d+ vCPUs is used up/],
  ['launch-image-gone', /the image ami-\w+ is not in this region and account/],
] as const

for (const [name, says] of refusals) {
  t.test(`${name}: a scale fails with the reason, a roll goes back`, async (t) => {
    const words: readonly (readonly [VerbName, ...string[]])[] = [
      ['scale', '3'],
      ['roll', '--image', second],
    ]
    for (const [verb, ...flags] of words) {
      const quiet = answer('autoscaling:DescribeScalingActivities', { Activities: [] })
      // Before each attempt nothing has failed, then this one has.
      const attempts = Array.from({ length: 200 }, async () => [{ ...quiet }, await recorded(name)])
      await told.play([...(await Promise.all(attempts)).flat(), answer('autoscaling:SetDesiredCapacity')])
      process.env['AWS_ENDPOINT_URL'] = told.url
      const end = await run(verb, ...flags)
      assertClear(t, end, verb)
      t.equal(end.exitCode, verb === 'scale' ? 5 : 4, `${verb}: ${end.stderr}`)
      t.match([...end.errors, end.facts.reason].join('\n'), says, verb)
      if (verb === 'scale') t.match(end.hint, /^(aws |npm |run it again )/)
      Object.assign(process.env, usual)
      if (verb === 'scale') await succeed('scale', '2')
      await assertAtRest(t, group, 2, verb)
    }
    t.match(await run('status'), { facts: { group: { imageId: first } } })
  })
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
  proxy.rules.set('DeregisterTargets', (call) => {
    proxy.rules.set('*', expired)
    return expired(call)
  })
  const end = await run('roll', '--image', second)
  assertClear(t, end, 'roll')
  t.equal(end.exitCode, 5, 'what was begun is not nothing')
  t.match(end.errors[0], /credentials have expired|calls the request expired/)
  t.match(end.hint, /aws sso login/)
  proxy.reset()
  t.same(
    (await group.locks()).length,
    1,
    'without credentials no lock is given back; the next client finds its owner dead',
  )
})

// needs: aws, .venv/moto
/* Each permission of the verbs that look at instances or change their number, missing in turn. */
import { StopInstancesCommand } from '@aws-sdk/client-ec2'
import t from 'tap'
import { eachPermission } from './broken-verbs.ts'
import { pretendService } from './pretend-service.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images, aws } = group
await succeed('deploy', '--image', images[0], '--yes')
const nothing = async () => {}

t.test('status', async (t) => {
  const actions = await eachPermission(t, group, { size: 2, prepare: nothing, tell: () => run('status') })
  t.equal(actions.length, 8, actions.join(' '))
})

t.test('images', async (t) => {
  const actions = await eachPermission(t, group, { size: 2, prepare: nothing, tell: () => run('images') })
  t.equal(actions.length, 8, actions.join(' '))
})

t.test('check, which speaks Nagios: 3 is "unknown"', async (t) => {
  await pretendService(t)
  const actions = await eachPermission(t, group, { size: 2, prepare: nothing, tell: () => run('check') })
  t.ok(actions.length >= 7, actions.join(' '))
})

t.test('scale up', async (t) => {
  await eachPermission(t, group, {
    size: 3,
    prepare: async () => void (await succeed('scale', '2')),
    tell: () => run('scale', '3'),
  })
})

t.test('scale down', async (t) => {
  await eachPermission(t, group, {
    size: 2,
    prepare: async () => void (await succeed('scale', '3')),
    tell: () => run('scale', '2'),
  })
})

t.test('heal of a group with a dead instance', async (t) => {
  const actions = await eachPermission(t, group, {
    size: 2,
    async prepare() {
      const [id = ''] = (await group.snapshot()).scaling[0]?.instances ?? []
      await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
    },
    tell: () => run('heal'),
  })
  t.ok(actions.includes('autoscaling:TerminateInstanceInAutoScalingGroup'), actions.join(' '))
})

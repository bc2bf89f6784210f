// needs: aws, .venv/moto
/* Each permission of the verbs that make, change and remove stacks missing in turn. */
import t from 'tap'
import { eachPermission } from './broken-verbs.ts'
import { startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, succeed, images } = group
const deploy = ['deploy', '--yes', '--image', images[0]] as const

t.test('the deploy of a new group', async (t) => {
  const actions = await eachPermission(t, group, {
    size: 2,
    prepare: async () => void (await succeed('destroy', '--yes')),
    tell: () => run(...deploy),
  })
  t.ok(actions.includes('cloudformation:ExecuteChangeSet'), actions.join(' '))
})

t.test('a deploy that changes a parameter', async (t) => {
  t.teardown(() => delete process.env['BAKEROLL_AWS_SERVICE_PARAMETERS'])
  const actions = await eachPermission(t, group, {
    size: 2,
    async prepare() {
      const isSmall = JSON.stringify((await group.snapshot()).stacks).includes('"t3a.small"')
      process.env['BAKEROLL_AWS_SERVICE_PARAMETERS'] = `InstanceType=${isSmall ? 't3.micro' : 't3a.small'}`
    },
    tell: () => run('deploy', '--yes'),
  })
  t.ok(actions.includes('cloudformation:ExecuteChangeSet'), actions.join(' '))
})

t.test('destroy', async (t) => {
  /** moto refuses to delete a network whose routes it has not deleted; what is in the way then is removed one by one. */
  const inTheWay = /^DeleteStack: The vpc vpc-\w+ has dependencies and cannot be deleted/
  const orphanActions = ['RouteTables', 'InternetGateways', 'Vpcs'].map((what) => `ec2:Describe${what}`)
  orphanActions.push('ec2:DeleteRouteTable', 'ec2:DetachInternetGateway', 'ec2:DeleteInternetGateway', 'ec2:DeleteVpc')
  const actions = await eachPermission(t, group, {
    size: undefined,
    exceptions: Object.fromEntries(orphanActions.map((action) => [action, inTheWay])),
    prepare: async () => void (await succeed(...deploy)),
    tell: () => run('destroy', '--yes'),
  })
  t.ok(actions.includes('tag:GetResources'), actions.join(' '))
})

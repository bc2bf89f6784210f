// needs: .venv/moto
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { needs } from '../../tasks/platforms/aws/doctor/permissions.ts'
import { arnOf, contextOf, type Need } from '../../tasks/platforms/aws/doctor/permitted.ts'
import { actionsOf, questionOf } from '../../tasks/platforms/aws/doctor/policy-simulation.ts'
import { verbs } from '../../tasks/settings/verbs.ts'
import { account, policyOf } from './operator-policy.ts'
import { modelOf, problemsOf } from './recorded-model.ts'

const scope = { partition: 'aws', region: 'eu-central-1', account, group: 'shop' }
const own = needs.filter(({ by }) => by === undefined)

/** The clients that we import, as IAM and as botocore call their services. */
const services: Readonly<Record<string, { readonly iam: string; readonly model: string }>> = {
  'auto-scaling': { iam: 'autoscaling', model: 'autoscaling' },
  cloudformation: { iam: 'cloudformation', model: 'cloudformation' },
  ec2: { iam: 'ec2', model: 'ec2' },
  'ec2-instance-connect': { iam: 'ec2-instance-connect', model: 'ec2-instance-connect' },
  'elastic-load-balancing-v2': { iam: 'elasticloadbalancing', model: 'elbv2' },
  iam: { iam: 'iam', model: 'iam' },
  'resource-groups-tagging-api': { iam: 'tag', model: 'resourcegroupstaggingapi' },
  'service-quotas': { iam: 'servicequotas', model: 'service-quotas' },
  ssm: { iam: 'ssm', model: 'ssm' },
  sts: { iam: 'sts', model: 'sts' },
}

/** Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html. */
const free = ['sts:GetCallerIdentity']
/** Permissions that no call is named after. PutParameter with tags asks for it. */
const indirect = ['ssm:AddTagsToResource']

t.test('every call that the code makes is in the list, and nothing else', async (t) => {
  const called = await calledActions()
  const listed = actionsOf(own)
  t.strictSame(
    called.filter((action) => !listed.includes(action) && !free.includes(action)),
    [],
    'called, and not in permissions.ts',
  )
  t.strictSame(
    listed.filter((action) => !called.includes(action) && !indirect.includes(action)),
    [],
    'in permissions.ts, and not called',
  )
})

t.test('every action is one of its service', async (t) => {
  // What is no action of an API: OpenTunnel is a websocket, PassRole and AddTags stand for others.
  const ofIamAlone = ['ec2-instance-connect:OpenTunnel', 'iam:PassRole']
  for (const { iam, model } of Object.values(services)) {
    const { operations } = await modelOf(model)
    for (const action of actionsOf(needs).filter((one) => one.startsWith(`${iam}:`) && !ofIamAlone.includes(one))) {
      t.ok(operations[action.slice(iam.length + 1)], action)
    }
  }
})

t.test('the operator role may do all of it, each on the right resource', async (t) => {
  const operator = await policyOf('OperatorRole')
  const refused = needs.flatMap((need) => refusedBy(operator, need))
  t.strictSame(refused, [], 'refused to the operator')
  t.notOk(operator.mentions('iam:CreateUser'))
  t.notOk(operator.allows('ec2:CreateVpc', arnOf('network', scope), contextOf(undefined, scope)), 'no bare CreateVpc')
})

t.test('the reviewer role may look, and change nothing', async (t) => {
  const reviewer = await policyOf('ReviewerRole')
  const looking = own.filter(({ verbs }) => verbs.includes('status') || verbs.includes('doctor'))
  const refused = looking.flatMap((need) => refusedBy(reviewer, need))
  t.strictSame(refused, [])
  const changing = actionsOf(needs).filter((action) => !/:(Describe|Get|List|Simulate|Detect)/.test(action))
  t.strictSame(
    changing.filter((action) => reviewer.mentions(action)),
    [],
  )
})

t.test('neither reads a secret', async (t) => {
  const context = contextOf(undefined, scope)
  const path = arnOf('secret', scope)
  for (const name of ['OperatorRole', 'ReviewerRole'] as const) {
    const role = await policyOf(name)
    for (const action of [
      'ssm:GetParameter',
      'ssm:GetParameters',
      'ssm:GetParametersByPath',
      'ssm:GetParameterHistory',
    ]) {
      t.notOk(role.allows(action, path, context), `${name}: ${action}`)
      t.notOk(role.allows(action, path.replace('/NAME', ''), context), `${name}: ${action} of the path`)
    }
  }
  t.notOk((await policyOf('ReviewerRole')).allows('ssm:PutParameter', path, context))
})

function refusedBy(role: Awaited<ReturnType<typeof policyOf>>, { actions, on, by }: Need): string[] {
  const refused = actions.filter((action) => !role.allows(action, arnOf(on, scope), contextOf(by, scope)))
  return refused.map((action) => `${action} on ${on}${by ? ` by ${by}` : ''}`)
}

t.test('the verbs are verbs', async (t) => {
  const known = Object.keys(verbs)
  t.strictSame(
    [...new Set(needs.flatMap((need) => need.verbs))].filter((verb) => !known.includes(verb)),
    [],
  )
})

t.test('what is asked of the simulator is what its API takes', async (t) => {
  const model = await modelOf('iam')
  for (const need of needs) {
    const question = questionOf(`arn:aws:iam::${account}:role/x`, [need], scope)
    t.strictSame(problemsOf(question, { shape: 'SimulatePrincipalPolicyRequest' }, model), [], need.actions.join(', '))
  }
})

const imports = /\{([^{}]*)\} (?:from |= await import\()'@aws-sdk\/client-([\w-]+)'/g

/** The IAM actions of the commands, paginators and waiters that the code imports from the SDK. */
async function calledActions(): Promise<string[]> {
  const found = new Set<string>()
  const root = join(import.meta.dirname, '../..')
  for await (const file of glob(join(root, 'tasks/**/*.ts'))) {
    if (/(\.test|-fixture)\.ts$/.test(file)) continue
    const source = await readFile(file, 'utf8')
    for (const [, names = '', client = ''] of source.matchAll(imports)) {
      for (const action of names.split(',').map(actionOf)) if (action) found.add(`${services[client]?.iam}:${action}`)
    }
  }
  return [...found].sort()
}

/** A waiter asks with the describing command of what it waits for. */
const waiters: Readonly<Record<string, string>> = {
  InstanceTerminated: 'DescribeInstances',
  SecurityGroupExists: 'DescribeSecurityGroups',
}

function actionOf(name: string): string | undefined {
  const [, waiter] = /^\s*waitUntil(\w+)\s*$/.exec(name) ?? []
  if (waiter !== undefined) return waiters[waiter] ?? `waitUntil${waiter}`
  return /^\s*paginate(\w+)\s*$/.exec(name)?.[1] ?? /^\s*([A-Z]\w+)Command\s*$/.exec(name)?.[1]
}

// needs: .venv/cfn-lint, .venv/policy-sentry
import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { needs } from '../tasks/platforms/aws/doctor/permissions.ts'
import { ensureVenv } from '../tasks/tools/python-venv.ts'
import { quiet } from './aws/settings.ts'
import { readTemplate, resourcesOf, type Value } from './cloudformation-template.ts'

/**
 * Two lists that others keep: AWS's service authorization reference (its actions, and
 * the resources that each can be limited to) in policy_sentry, and what CloudFormation asks of its caller for each type
 * of resource in cfn-lint's schemas.
 */
const reference = await readJson('policy-sentry', 'policy_sentry/shared/data/iam-definition.json')
const handlers = await readHandlers()
const access = await readTemplate('access')
const policies = [...resourcesOf(access, 'AWS::IAM::ManagedPolicy'), ...resourcesOf(access, 'AWS::IAM::RolePolicy')]
const statements = policies.flatMap(([policy, { PolicyDocument }]) =>
  PolicyDocument.Statement.map((statement: Value) => ({ policy, ...statement })),
)
const granted = new Set(statements.flatMap((statement) => list(statement.Action).map(lower)))

/** In cfn-lint's schemas or botocore's models, and not yet in the copy of the reference. */
const newer = new Set(
  [
    'cloudformation:DescribeEvents',
    'cloudtrail:GetEventConfiguration',
    'ec2:DescribeVpcEncryptionControls',
    'elasticloadbalancing:CreateWebACLAssociation',
    'elasticloadbalancing:DeleteWebACLAssociation',
    'elasticloadbalancing:GetLoadBalancerWebACL',
    's3:GetBucketAbac',
    's3:GetBucketMetadataTableConfiguration',
  ].map(lower),
)

test('every action is one of AWS, by its name', async (t) => {
  for (const action of granted) t.ok(newer.has(action) || entry(action) !== undefined, action)
})

test('no action stands on all resources for which AWS knows single ones', async (t) => {
  const onAll = statements.filter(({ Resource }) => list(Resource).includes('*'))
  t.ok(onAll.length > 0)
  for (const { policy, Sid, Action, Condition } of onAll) {
    for (const action of list(Action)) {
      t.notMatch(action, /\*/, `${policy}.${Sid}: ${action} is no wildcard`)
      const { access_level: level, resource_types: types = {} } = entry(action) ?? { access_level: 'Read' }
      const single = Object.values<Value>(types).filter(
        ({ resource_type, required }) => resource_type !== '' && required,
      )
      t.strictSame(single, [], `${policy}.${Sid}: ${action}`)
      if (/^Look/.test(Sid)) t.match(level, /^(List|Read)$/, `${policy}.${Sid}: ${action} only looks`)
      else t.hasProp(Condition, 'ForAnyValue:StringEquals', `${policy}.${Sid}: through CloudFormation alone`)
    }
  }
})

test('every statement allows named actions, within this account where the resource has one', async (t) => {
  for (const { policy, Sid, Effect, Action, Resource, NotAction, NotResource } of statements) {
    t.equal(Effect, 'Allow')
    t.notOk(NotAction ?? NotResource, `${policy}.${Sid} says what, not what not`)
    for (const action of list(Action)) t.notMatch(action, /\*/, `${policy}.${Sid}: ${action}`)
    for (const resource of list(Resource).filter((one) => one !== '*')) {
      const arn: string = resource['Fn::Sub']
      t.match(
        arn,
        /^arn:\$\{AWS::Partition\}:[a-z0-9-]+:\*?:\$\{AWS::AccountId\}:.|:ec2:\*::(image|snapshot)\/|:ssm:\*::(parameter\/aws\/service|document\/AWS-)|:(s3|route53):::(bakeroll-|hostedzone\/\$\{|change\/)/,
        `${policy}.${Sid}`,
      )
    }
  }
})

test('what changes something is bound to names of the project, to its tags, or to CloudFormation', async (t) => {
  // Parts of a launch or a stack that are not changed by it, or are told by the tag that they get.
  const free = ['RunPolicy.LaunchFrom', 'BakePolicy.MakeInVpc', 'BakePolicy.MakeImages', 'BakePolicy.TagWhatIsMade']
  const seen: string[] = []
  for (const { policy, Sid, Action, Resource, Condition = {} } of statements) {
    const changes = list(Action).some((action) => !/^(List|Read)$/.test(entry(action)?.access_level ?? 'Read'))
    if (!changes) continue
    const isNamed = list(Resource).every((one) =>
      /\/bakeroll[-/*]|:bakeroll-|bakeroll\/|TargetTracking-bakeroll|packer_|document\/AWS-StartPortForwarding|\$\{!aws:userid\}|hostedzone\/\$\{HostedZoneId\}/.test(
        one['Fn::Sub'] ?? one,
      ),
    )
    const isTagged = Object.keys(Condition.Null ?? {}).some((key) =>
      /esourceTag\/bakeroll:|RequestTag\/bakeroll:/.test(key),
    )
    const isByCloudFormation =
      Condition['ForAnyValue:StringEquals']?.['aws:CalledVia'] === 'cloudformation.amazonaws.com'
    // The ciphertext of a parameter is bound to its name.
    const isOfParameter = /parameter\/bakeroll/.test(
      Condition.StringLike?.['kms:EncryptionContext:PARAMETER_ARN']?.['Fn::Sub'] ?? '',
    )
    const isForService = Condition.StringEquals?.['iam:AWSServiceName'] !== undefined
    if (isNamed || isTagged || isByCloudFormation || isOfParameter || isForService) continue
    seen.push(`${policy}.${Sid}`)
  }
  t.strictSame(seen, free)
})

test('the reviewer only looks; the operator can run every verb', async (t) => {
  const roles = new Map(resourcesOf(access, 'AWS::IAM::Role'))
  t.strictSame(roles.get('ReviewerRole').ManagedPolicyArns, [{ Ref: 'LookPolicy' }])
  const looks = statements.filter(({ policy }) => policy === 'LookPolicy').flatMap(({ Action }) => list(Action))
  const beyond = looks.filter((action) => !/^(List|Read)$/.test(entry(action)?.access_level ?? 'Read'))
  t.strictSame(beyond, [])
  t.strictSame(
    roles.get('OperatorRole').ManagedPolicyArns.map(({ Ref }: Value) => Ref),
    ['LookPolicy', 'RunPolicy', 'BakePolicy', 'NetworkPolicy', 'ServicePolicy', 'GuardPolicy'],
  )
  const missing = needs.flatMap(({ actions }) => actions).filter((action) => !granted.has(lower(action)))
  t.strictSame(missing, [])
})

test('values of secrets are for instances: nobody with one of the roles reads them', async (t) => {
  const place = 'parameter/bakeroll-secrets'
  const about = statements.filter(({ Resource }) => list(Resource).some((one) => one['Fn::Sub']?.includes(place)))
  const told = about.map(({ policy, Action }) => [policy, ...list(Action)])
  t.strictSame(told, [
    ['Boundary', 'ssm:GetParametersByPath'],
    ['RunPolicy', 'ssm:PutParameter', 'ssm:DeleteParameters', 'ssm:AddTagsToResource'],
  ])
  const reading = statements.filter(({ Action }) => /ssm:GetParameter/.test(list(Action).join()))
  const others = reading.filter(({ policy }) => policy !== 'Boundary').flatMap(({ Resource }) => list(Resource))
  for (const { 'Fn::Sub': arn } of others) t.match(arn, /:parameter\/(bakeroll(\/\*)?|aws\/service\/\*)$/)
  const decrypting = statements.filter(({ Action }) => list(Action).includes('kms:Decrypt'))
  t.strictSame(
    decrypting.map(({ policy }) => policy),
    ['Boundary'],
  )
})

test('the operator cannot give itself or an instance more than the boundary', async (t) => {
  const arns = (action: string) =>
    statements
      .filter(({ Action }) => list(Action).includes(action))
      .flatMap(({ Resource }) => list(Resource).map((one) => one['Fn::Sub']))
  for (const action of ['iam:CreateRole', 'iam:PassRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary']) {
    for (const arn of arns(action)) t.match(arn, /:(role|instance-profile)\/bakeroll\/\*$/, action)
  }
  for (const [name, { Path }] of [...policies, ...resourcesOf(access, 'AWS::IAM::Role')]) {
    t.ok(Path === '/bakeroll-access/' || name === 'RecordPolicy', `${name} is out of its reach`)
  }
  const giving = statements.filter(({ Action }) => /iam:(Put|Attach|Update\w*Policy)/.test(list(Action).join()))
  t.strictSame(
    giving.map(({ Condition }) => Condition.StringEquals['iam:PermissionsBoundary']),
    [{ Ref: 'Boundary' }],
  )
  for (const action of ['iam:attachrolepolicy', 'iam:deleterolepermissionsboundary', 'iam:updateassumerolepolicy']) {
    t.notOk(granted.has(action), action)
  }
})

test('policies are small enough for IAM', async (t) => {
  const place = { 'AWS::Partition': 'aws-us-gov', 'AWS::AccountId': '123456789012' }
  for (const [name, { PolicyDocument }] of policies) {
    const text = JSON.stringify(PolicyDocument, (_, value) => value?.['Fn::Sub'] ?? value).replace(
      /\$\{([\w:]+)\}/g,
      (all, key: keyof typeof place) => place[key] ?? all,
    )
    t.ok(text.replaceAll(/\s/g, '').length <= 6144, `${name} has ${text.length}`)
  }
})

test('the operator has what CloudFormation asks of its caller for our stacks', async (t) => {
  const types = new Set<string>()
  for (const name of ['network', 'service', 'guard'] as const) {
    for (const { Type } of Object.values((await readTemplate(name)).Resources)) types.add(Type)
  }
  for (const type of types) {
    const asked = handlers.get(type)
    t.ok(asked !== undefined && asked.size > 0, `${type} is known`)
    const missing = [...(asked ?? [])].filter((action) => !granted.has(lower(action)) && !notAsked.test(action))
    t.strictSame(missing, [], type)
  }
})

/** What the types ask for only when used in ways that ours are not. */
const notAsked = new RegExp(
  [
    // wildcards, of which the named actions are enough
    String.raw`\*`,
    // other services that the types can work with
    '^(acm-pca|amplify|apigateway|apprunner|appsync|bedrock-agentcore|cognito-idp|firehose|managed-fleets|organizations)',
    '^(payments|s3tables|vpc-lattice|vpce):|VerifiedAccess|VpnGateway$|^iam:DescribeOrganization',
    // properties that our templates do not set, or never change
    'SubnetCidrBlock|CreateVpcEncryptionControl|ModifyVpcTenancy|IpamPools|ModifyIpPools|ModifyCapacityReservation',
    '^autoscaling:(Attach|Detach)LoadBalancers$|LifecycleHook$|NotificationConfiguration$|PutEventConfiguration',
    '^iam:(Attach|Detach)RolePolicy|DeleteRolePermissionsBoundary|UpdateAssumeRolePolicy|PermissionPolicy$',
    'KmsKey$|DataProtectionPolicy$|IndexPolicy$|DeleteResourcePolicy|BearerToken|LogGroupDeletionProtection',
    '^s3:(Delete|Put|Create|Update)(?!Bucket$|BucketPolicy$|BucketTagging|BucketVersioning|BucketPublicAccessBlock|BucketOwner)',
    '^s3:REST',
  ].join('|'),
)

function entry(action: string): Value {
  const [service = '', name = ''] = action.split(':')
  const { privileges, privileges_lower_name: names } = reference[service] ?? {}
  return privileges?.[names[name.toLowerCase()]]
}

function list(value: Value): Value[] {
  return Array.isArray(value) ? value : [value]
}

function lower(action: string): string {
  return action.toLowerCase()
}

async function readJson(venv: string, path: string): Promise<Value> {
  const bin = await ensureVenv(venv, quiet)
  const pattern = join('lib', 'python3*', 'site-packages', path)
  for await (const file of glob(pattern, { cwd: dirname(bin) })) {
    return JSON.parse(await readFile(join(dirname(bin), file), 'utf8'))
  }
  throw new Error(`${venv} has no ${path}`)
}

/** What the handlers of each type ask for to create, read, update and delete it. */
async function readHandlers(): Promise<Map<string, Set<string>>> {
  const cwd = dirname(await ensureVenv('cfn-lint', quiet))
  const asked = new Map<string, Set<string>>()
  for await (const file of glob('lib/python3*/site-packages/cfnlint/data/schemas/resources/*.json', { cwd })) {
    const { typeName, handlers = {} } = JSON.parse(await readFile(join(cwd, file), 'utf8'))
    const kinds = ['create', 'read', 'update', 'delete']
    asked.set(typeName, new Set(kinds.flatMap((kind) => handlers[kind]?.permissions ?? [])))
  }
  return asked
}

// needs: .venv/moto
/** Secrets on AWS: the store, the stacks of a group that has some, and an instance that reads them with its role. */
import { join } from 'node:path'
import { DescribeLaunchTemplateVersionsCommand, DescribeVpcEndpointsCommand } from '@aws-sdk/client-ec2'
import { AttachRolePolicyCommand, CreatePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetParameterCommand, ListTagsForResourceCommand } from '@aws-sdk/client-ssm'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { execa } from 'execa'
import t from 'tap'
import { OperatorError } from '../../tasks/lib/errors.ts'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { describeStack } from '../../tasks/platforms/aws/cloudformation/stacks.ts'
import { deleteGroup } from '../../tasks/platforms/aws/group/delete-group.ts'
import { awsSecrets } from '../../tasks/platforms/aws/group/secrets.ts'
import { openInfrastructure } from '../../tasks/platforms/aws/infrastructure/infrastructure.ts'
import { leftovers } from '../../tasks/platforms/aws/infrastructure/leftovers.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import type { Settings } from '../../tasks/settings/settings.ts'
import { answer } from '../../tasks/tools/metadata-service.ts'
import { hardValues, planted, serve, serviceMachine } from '../service-machine.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { registerImage } from './image.ts'
import { startMoto } from './moto.ts'
import { awsSettings, quiet } from './settings.ts'

const repository = join(import.meta.dirname, '../..')
const moto = await startMoto()
const proxy = await startFaultProxy(moto.url)
t.teardown(proxy.stop)
t.teardown(moto.stop)
Object.assign(process.env, moto.env, { AWS_ENDPOINT_URL: proxy.url })
const aws = openAws({ region: undefined, profile: undefined })
const imageId = await registerImage(aws, '1.0.0')
const home = t.testdir()
const names = namesOf('shop')
const secrets = awsSecrets(aws, names)
const { LONG: _, ...values } = hardValues

/** What was sent to AWS, but for the values themselves. */
const sent: string[] = []
const listen = () =>
  proxy.rules.set('*', (call, body) => {
    if (call.action !== 'PutParameter') sent.push(decodeURIComponent(body.replaceAll('+', ' ')))
    return undefined
  })
listen()

t.test('values are SecureStrings with the tag of the group, and no other call has one', async (t) => {
  t.strictSame(await secrets.list(), [])
  for (const [name, value] of Object.entries(values)) await secrets.set(name, value)
  await awsSecrets(aws, namesOf('shop-2')).set('OTHER', 'planted in another group')
  t.strictSame(
    (await secrets.list()).map(({ name }) => name),
    Object.keys(values).sort(),
  )
  const Name = '/bakeroll-secrets/shop/KEY'
  const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))
  t.match(Parameter, { Type: 'SecureString', Value: values['KEY'] })
  const tags = { ResourceType: 'Parameter', ResourceId: Name } as const
  t.match(await aws.ssm.send(new ListTagsForResourceCommand(tags)), {
    TagList: [{ Key: 'bakeroll:group', Value: 'shop' }],
  })
})

t.test('a new value takes the place of the old one; one that is longer is an advanced parameter', async (t) => {
  const advanced = 'planted!'.repeat(secrets.mostBytes / 8)
  await secrets.set('PLAIN', advanced)
  const Name = '/bakeroll-secrets/shop/PLAIN'
  const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))
  t.equal(Parameter?.Value, advanced)
  await secrets.set('PLAIN', values['PLAIN'] ?? '')
})

t.test('unset removes one', async (t) => {
  await secrets.set('PASSING', 'planted')
  t.equal(await secrets.unset('PASSING'), true)
  t.equal(await secrets.unset('PASSING'), false)
  t.notOk((await secrets.list()).some(({ name }) => name === 'PASSING'))
})

t.test('failures are told in the words of AWS, unless these repeat the value', async (t) => {
  const fail = (message: string) => {
    const fault = { answer: 'error', status: 400, code: 'ValidationException', message } as const
    proxy.rules.set('PutParameter', fault)
  }
  const caught = () => secrets.set('FAILING', 'planted "value"\nof two lines').catch((error: unknown) => error)
  fail('Parameter name must not be this')
  t.match(await caught(), { message: /PutParameter: Parameter name must not be this/ })
  for (const echo of ['planted "value"\nof two lines', 'planted \\"value\\"\\nof two…', 'planted &quot;value&quot;']) {
    fail(`1 validation error detected: Value '${echo}' at 'value' failed to satisfy constraint`)
    const error = await caught()
    if (!(error instanceof OperatorError)) throw error
    t.match(error.message, /PutParameter: ValidationException; the words of AWS repeat the value and are not shown/)
    t.notMatch(`${error.message} ${error.hint} ${error.stack} ${error.cause}`, planted)
  }
  proxy.rules.delete('PutParameter')
})

t.test('the verb, as a user calls it', async (t) => {
  const env = { ...moto.env, AWS_ENDPOINT_URL: proxy.url, BAKEROLL_HOME: home, NODE_OPTIONS: '' }
  const run = async (words: readonly string[], input: string) => {
    const all = ['tasks/run.sh', 'secret', ...words, '--platform', 'aws', '--group', 'verbs', '--verbose', '--json']
    const { exitCode, stdout, stderr } = await execa('sh', all, { cwd: repository, env, input, reject: false })
    t.notMatch(`${stdout}${stderr}`, planted)
    return { exitCode, facts: JSON.parse(stdout) }
  }
  const setAt = /^20\d\d-.*Z$/
  t.match(await run(['set', 'TOKEN'], 'planted\n'), {
    exitCode: 0,
    facts: { ok: true, secrets: [{ name: 'TOKEN', setAt, missing: false }] },
  })
  const { exitCode, facts } = await run(['set', 'LONG'], hardValues['LONG'] ?? '')
  t.equal(exitCode, 2)
  t.match(facts.error.message, 'LONG: the value is longer than 8192 bytes, the most that this platform holds')
  t.match(await run(['unset', 'TOKEN'], ''), { exitCode: 0, facts: { secrets: [] } })
})

const plan = (given: Partial<Settings['aws']> = {}) =>
  openInfrastructure({ aws, names, home, settings: awsSettings(given) }).plan({ imageId, size: 1 })

t.test(
  'a group with secrets has a way to them and the right to read them, and its plan says what that costs',
  async (t) => {
    const made = await plan()
    const text = made.lines.join('\n')
    t.match(text, /SecretsInterfaceEndpoint \(AWS::EC2::VPCEndpoint\)/)
    t.match(text, /InstanceSecretPolicy \(AWS::IAM::RolePolicy\)/)
    t.match(text, /endpoint for secrets 18/)
    await made.apply({ progress: quiet })
    const { VpcEndpoints = [] } = await aws.ec2.send(new DescribeVpcEndpointsCommand({}))
    t.match(VpcEndpoints, [{ ServiceName: 'com.amazonaws.eu-central-1.ssm', VpcEndpointType: 'Interface' }])
    const stack = await describeStack(aws, names.serviceStack)
    t.equal(stack?.parameters['Secrets'], 'true')
    const LaunchTemplateId = stack?.outputs['LaunchTemplateId']
    const { LaunchTemplateVersions: [version] = [] } = await aws.ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['$Latest'] }),
    )
    const { UserData = '' } = version?.LaunchTemplateData ?? {}
    t.equal(Buffer.from(UserData, 'base64').toString(), '{"secrets": "ssm:/bakeroll-secrets/shop"}')
    t.ok((await plan()).isEmpty, 'a second deploy has nothing to do')
  },
)

t.test('in a network of its owner nothing is made that would take the place of SSM for others', async (t) => {
  const existing = new Map([
    ['ExistingVpcId', 'vpc-12345678'],
    ['ExistingPublicSubnetIds', 'subnet-12345678,subnet-12345679'],
    ['ExistingPrivateSubnetIds', 'subnet-12345670'],
  ])
  await t.rejects(plan({ networkParameters: existing }), {
    kind: 'usage',
    message: /InstanceEgressPrefixListId: the group has secrets, so its instances must reach .* in vpc-12345678/,
  })
})

/** The instance metadata of an instance on EC2 with these credentials of its role. */
function metadataOf(path: string, credentials: object) {
  return {
    '/latest/user-data': JSON.stringify({ secrets: `ssm:${path}` }),
    'placement/region': 'eu-central-1',
    'services/domain': 'amazonaws.com',
    'iam/security-credentials/': 'bakeroll-shop-role',
    'iam/security-credentials/bakeroll-shop-role': JSON.stringify(credentials),
  }
}

t.test('an instance reads them with its role, by a signature that holds', async (t) => {
  const iam = aws.open(IAMClient)
  const RoleName = 'bakeroll-shop-role'
  const allowed = (Action: string, Resource = '*') =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] })
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: allowed('sts:AssumeRole') }))
  // moto knows no resources here: the policy of the template is judged by cfn-lint and test/cloudformation.test.ts.
  const policy = { PolicyName: 'read', PolicyDocument: allowed('ssm:GetParametersByPath') }
  const { Policy } = await iam.send(new CreatePolicyCommand(policy))
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: Policy?.Arn }))
  const assumed = { RoleArn: `arn:aws:iam::123456789012:role/${RoleName}`, RoleSessionName: 'i-1' }
  const { Credentials: given } = await aws.open(STSClient).send(new AssumeRoleCommand(assumed))
  const credentials = {
    AccessKeyId: given?.AccessKeyId,
    SecretAccessKey: given?.SecretAccessKey,
    Token: given?.SessionToken,
  }
  const many = Array.from({ length: 23 }, (_, index) => `MORE_${index}`)
  for (const name of many) await secrets.set(name, `planted ${name}`)
  const service = { image: 'x:1', arguments: [], command: [], secrets: [...Object.keys(values), ...many] }
  const start = async (role: object, path = '/bakeroll-secrets/shop') => {
    const said = metadataOf(path, role)
    const url = await serve(t, (request, response) => answer(said, request, response))
    const machine = serviceMachine(t, service, { BAKEROLL_METADATA: url, BAKEROLL_SSM: proxy.url })
    return { machine, ended: await machine.run(['start', '0']) }
  }
  const guard = (requests: string) => fetch(`${moto.url}/moto-api/reset-auth`, { method: 'POST', body: requests })
  await guard('0')
  t.teardown(() => guard('Infinity'))

  const { machine, ended } = await start(credentials)
  t.match(ended, { exitCode: 0, stderr: '' })
  const { HOME, PATH, PWD, ...environment } = machine.environment()
  t.strictSame(environment, { ...values, ...Object.fromEntries(many.map((name) => [name, `planted ${name}`])) })
  t.notMatch(machine.text('calls'), planted, 'no argument holds a value')

  const forged = await start({ ...credentials, SecretAccessKey: 'another' })
  t.match(forged.ended, { exitCode: 1, stderr: /no container: GetParametersByPath: 403\n/ })
  const expired = await start({ ...credentials, Token: 'another' })
  t.match(expired.ended, { exitCode: 1, stderr: /GetParametersByPath: 403\n/ })
  await guard('Infinity')
  const message = 'User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: ssm:GetParametersByPath'
  proxy.rules.set('GetParametersByPath', { answer: 'error', status: 400, code: 'AccessDeniedException', message })
  const denied = await start(credentials)
  t.match(denied.ended, { exitCode: 1, stderr: `GetParametersByPath: 400 AccessDeniedException: ${message}` })
  proxy.rules.delete('GetParametersByPath')
  const others = await start(credentials, '/bakeroll-secrets/shop-2')
  t.match(others.ended, { exitCode: 1, stderr: /no value for PLAIN, KEY/ })
  for (const one of [forged, expired, others]) {
    t.notMatch(`${one.ended.stdout}${one.ended.stderr}`, planted)
    t.notMatch(one.ended.stderr, String(credentials.Token))
  }
})

t.test('without secrets the way and the right go', async (t) => {
  for (const { name } of await secrets.list()) if (name !== 'KEY') await secrets.unset(name)
  t.ok((await plan()).isEmpty, 'one is enough to keep them')
  await secrets.unset('KEY')
  const made = await plan()
  const text = made.lines.join('\n')
  t.match(text, /- SecretsInterfaceEndpoint/)
  t.match(text, /- InstanceSecretPolicy/)
  await made.discard()
})

t.test('what is left of a group names its secrets, and its end removes them all', async (t) => {
  for (let index = 0; index < 12; index++) await secrets.set(`NAME_${index}`, 'planted')
  t.match(await leftovers(aws, names), new Set(['SSM parameter /bakeroll-secrets/shop/NAME_0']))
  await deleteGroup(aws, names, quiet)
  t.strictSame(await leftovers(aws, names), [])
  t.strictSame(
    (await awsSecrets(aws, namesOf('shop-2')).list()).map(({ name }) => name),
    ['OTHER'],
    'those of another group stay',
  )
})

t.test('no value was in anything else that AWS was sent', async (t) => {
  t.ok(sent.length > 50)
  for (const body of sent) t.notMatch(body, planted)
})

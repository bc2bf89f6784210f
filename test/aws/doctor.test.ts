// needs: aws, .venv/moto
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { CreateVpcCommand, RunInstancesCommand } from '@aws-sdk/client-ec2'
import t, { type Test } from 'tap'
import type { Finding } from '../../tasks/lib/platform.ts'
import { type Aws, openAws } from '../../tasks/platforms/aws/clients.ts'
import { examineAccount } from '../../tasks/platforms/aws/doctor/doctor.ts'
import { programFindings } from '../../tasks/platforms/aws/doctor/needed-programs.ts'
import { clockFinding, judgeClock } from '../../tasks/platforms/aws/doctor/own-clock.ts'
import { judge } from '../../tasks/platforms/aws/doctor/permission-findings.ts'
import { needs } from '../../tasks/platforms/aws/doctor/permissions.ts'
import { judgeQuota } from '../../tasks/platforms/aws/doctor/quotas.ts'
import { homeAt } from '../../tasks/platforms/home.ts'
import { neededPlugins } from '../../tasks/tools/packer-plugins.ts'
import { onPath } from '../../tasks/tools/path-fixture.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { denied, expired } from './faults.ts'
import { emulatedEnvironment, startMoto } from './moto.ts'
import { type RecordedAnswer, startRecorded } from './recorded.ts'

const moto = await startMoto()
const environment = { ...process.env }
t.teardown(() => moto.stop())
t.beforeEach(() => setEnvironment(emulatedEnvironment(moto.url)))

function setEnvironment(changes: Readonly<Record<string, string | undefined>>): void {
  const wanted = Object.entries({ ...environment, AWS_PROFILE: undefined, ...changes })
  process.env = Object.fromEntries(wanted.filter(([, value]) => value !== undefined))
}

/** Clients that take what answers them for AWS itself. */
function openReal(): Aws {
  return openAws({ region: undefined, profile: undefined })
}

/** What doctor finds, by name; programs left out. */
async function examine(t: Test, aws: Aws): Promise<Map<string, Finding>> {
  const found = await examineAccount({
    aws,
    home: homeAt(t.testdir()),
    group: 'shop',
    profile: undefined,
    reach: 'none',
  })
  for (const { name, status, found: words, hint } of found) {
    t.notMatch(`${words} ${hint}`, /\n|\[object/, name)
    if (status === 'fail') t.match(hint, /\S/, `${name}: what mends it`)
  }
  const names = found.map(({ name }) => name)
  t.equal(new Set(names).size, names.length, 'each once')
  return new Map(found.filter(({ name }) => !/packer|ansible|ssh/.test(name)).map((one) => [one.name, one]))
}

const account = '123456789012'
const caller = (Arn: string): RecordedAnswer => ({
  service: 'sts',
  operation: 'GetCallerIdentity',
  source: 'https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html',
  output: { Arn, Account: account, UserId: 'AIDAEXAMPLE' },
})
const quota = (ServiceCode: string, QuotaCode: string, Value: number): RecordedAnswer => ({
  service: 'service-quotas',
  operation: 'GetServiceQuota',
  source: 'https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html',
  input: { ServiceCode, QuotaCode },
  output: { Quota: { ServiceCode, QuotaCode, Value } },
})
const quotas = [
  quota('ec2', 'L-1216C47A', 32),
  quota('ec2', 'L-0263D0A3', 5),
  quota('vpc', 'L-F678F1CE', 5),
  quota('elasticloadbalancing', 'L-53DA6B97', 50),
]
/** The simulator's answer for every question: these actions, with these decisions. */
const simulated = (decisions: Readonly<Record<string, string>>): RecordedAnswer => ({
  service: 'iam',
  operation: 'SimulatePrincipalPolicy',
  source: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html',
  output: {
    IsTruncated: false,
    EvaluationResults: Object.entries(decisions).map(([EvalActionName, EvalDecision]) => ({
      EvalActionName,
      EvalDecision,
      EvalResourceName: '*',
    })),
  },
})
const refusal = (service: string, operation: string, code: string): RecordedAnswer => ({
  service,
  operation,
  source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html',
  error: {
    code,
    message: `User: arn:aws:iam::${account}:user/alice is not authorized to perform: ${service}:${operation}`,
  },
})

async function recorded(t: Test, answers: readonly RecordedAnswer[]) {
  const aws = await startRecorded(answers, { elsewhere: moto.url })
  t.teardown(() => aws.stop())
  setEnvironment(aws.env)
  return aws
}

t.test('an account where all is well', async (t) => {
  const user = `arn:aws:iam::${account}:user/alice`
  const server = await recorded(t, [caller(user), ...quotas, simulated({ 'ec2:DescribeInstances': 'allowed' })])
  const found = await examine(t, openReal())
  t.strictSame(
    [...found.values()].filter(({ status }) => status !== 'ok').map(({ name }) => name),
    ['AWS'],
    'but that it is asked elsewhere',
  )
  t.strictSame(
    [...found.keys()],
    [
      ...['home', 'AWS', 'region', 'credentials', 'own clock', 'permissions'],
      ...['quota of vCPUs', 'quota of Elastic IP addresses', 'quota of VPCs', 'quota of load balancers'],
    ],
  )
  t.equal(found.get('credentials')?.found, `${user}, account ${account}`)
  t.match(found.get('permissions')?.found, /^\d+ actions, sufficient for bake, check, deploy, destroy, doctor, heal, /)
  const asked = server.requests.filter(({ operation }) => operation === 'SimulatePrincipalPolicy')
  t.ok(asked.length < 40, `${asked.length} questions`)
  for (const { input } of asked) t.match(input, { PolicySourceArn: user })
  const actions = new Set(asked.flatMap(({ input }) => input['ActionNames'] as string[]))
  for (const action of needs.flatMap((need) => need.actions)) t.ok(actions.has(action), action)
})

t.test('permissions that are missing are told verb by verb', async (t) => {
  await recorded(t, [
    caller(`arn:aws:iam::${account}:user/alice`),
    ...quotas,
    simulated({
      'ssm:PutParameter': 'implicitDeny',
      'ec2:GetConsoleOutput': 'explicitDeny',
      'ec2:DescribeInstances': 'allowed',
    }),
  ])
  const found = await examine(t, openReal())
  t.match(found.get('permissions of scale'), {
    status: 'fail',
    found: 'missing: ssm:PutParameter, ec2:GetConsoleOutput',
    hint: /only its author/,
  })
  t.match(found.get('permissions of destroy'), {
    status: 'fail',
    found: 'missing: ssm:PutParameter',
    hint: /operator role of cloudformation\/access\.yaml: aws cloudformation deploy /,
  })
  t.match(found.get('permissions'), { status: 'ok', found: /sufficient for doctor, images, status$/ })
})

t.test('the session of a role is simulated as the role, its path included', async (t) => {
  const session = caller(`arn:aws:sts::${account}:assumed-role/OperatorRole/alice`)
  const role: RecordedAnswer = {
    service: 'iam',
    operation: 'GetRole',
    source: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html',
    input: { RoleName: 'OperatorRole' },
    output: {
      Role: {
        Arn: `arn:aws:iam::${account}:role/bakeroll-access/OperatorRole`,
        Path: '/bakeroll-access/',
        RoleName: 'OperatorRole',
        RoleId: 'AROAEXAMPLE123456',
        CreateDate: '2025-01-01T00:00:00Z',
      },
    },
  }
  const principals = async (answers: readonly RecordedAnswer[]) => {
    const server = await recorded(t, [session, ...answers, ...quotas, simulated({})])
    await examine(t, openReal())
    const asked = server.requests.filter(({ operation }) => operation === 'SimulatePrincipalPolicy')
    return [...new Set(asked.map(({ input }) => input['PolicySourceArn']))]
  }
  t.strictSame(await principals([role]), [`arn:aws:iam::${account}:role/bakeroll-access/OperatorRole`])
  t.strictSame(
    await principals([refusal('iam', 'GetRole', 'AccessDenied')]),
    [`arn:aws:iam::${account}:role/OperatorRole`],
    'where the role may not be looked at',
  )
})

t.test('what cannot be simulated is said', async (t) => {
  const cases: [arn: string, found: RegExp][] = [
    [`arn:aws:iam::${account}:root`, /^not simulated: the root user/],
    [`arn:aws:sts::${account}:federated-user/alice`, /^not simulated: IAM cannot simulate federated-user$/],
    [`arn:aws:iam::${account}:user/alice`, /^not simulated: no permission for iam:SimulatePrincipalPolicy on arn:/],
  ]
  for (const [arn, expected] of cases) {
    await recorded(t, [caller(arn), ...quotas, refusal('iam', 'SimulatePrincipalPolicy', 'AccessDenied')])
    const permissions = (await examine(t, openReal())).get('permissions')
    t.match(permissions, { status: 'warn', found: expected, hint: /access\.yaml/ }, arn)
  }
})

t.test(
  'quotas: what is used is counted, AWS\'s own values where nobody asked for others, and "not allowed" is said',
  async (t) => {
    const { ec2 } = openAws({ region: undefined, profile: undefined })
    const before = await examineQuotas(t, quotas)
    t.match(before.get('quota of VPCs'), { status: 'ok', found: '1 of 5 used' })
    await ec2.send(new CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }))
    const Placement = { Tenancy: 'default' as const }
    await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-12c6146b',
        InstanceType: 't3.small',
        MinCount: 2,
        MaxCount: 2,
        Placement,
      }),
    )
    const tight = [quota('ec2', 'L-1216C47A', 7), quotas[1], quota('vpc', 'L-F678F1CE', 2), quotas[3]].filter(
      (one) => one !== undefined,
    )
    const after = await examineQuotas(t, tight)
    t.match(after.get('quota of vCPUs'), {
      status: 'fail',
      found: /^\d of 7 used, 6 more needed$/,
      hint: /^aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value \d+$/,
    })
    t.match(after.get('quota of VPCs'), { status: 'fail', found: '2 of 2 used, 1 more needed' })
    t.match(after.get('quota of Elastic IP addresses'), { status: 'ok', found: '0 of 5 used' })

    const usual: RecordedAnswer = {
      service: 'service-quotas',
      operation: 'GetAWSDefaultServiceQuota',
      source: 'https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetAWSDefaultServiceQuota.html',
      output: { Quota: { Value: 20 } },
    }
    const none: RecordedAnswer = { ...refusal('service-quotas', 'GetServiceQuota', 'NoSuchResourceException') }
    t.match((await examineQuotas(t, [none, usual])).get('quota of VPCs'), { status: 'ok', found: '2 of 20 used' })

    const refused = await examineQuotas(t, [refusal('service-quotas', 'GetServiceQuota', 'AccessDeniedException')])
    t.match(refused.get('quotas'), {
      status: 'warn',
      found: /^unknown \(.* is not authorized to perform.*VPCs 2 used, load balancers 0 used$/,
    })
  },
)

async function examineQuotas(t: Test, answers: readonly RecordedAnswer[]): Promise<Map<string, Finding>> {
  await recorded(t, [caller(`arn:aws:iam::${account}:user/alice`), simulated({}), ...answers])
  return examine(t, openReal())
}

t.test('what a quota means', async (t) => {
  const vpcs = { name: 'VPCs', service: 'vpc', code: 'L-F678F1CE', needed: 1 }
  t.equal(judgeQuota({ ...vpcs, used: 4 }, 5).status, 'ok')
  t.equal(judgeQuota({ ...vpcs, used: 5 }, 5).status, 'fail')
  t.equal(judgeQuota({ ...vpcs, used: 5, needed: 0 }, 5).status, 'ok')
  t.match(judgeQuota({ ...vpcs, used: 5 }, 5).hint, /--desired-value 6$/)
})

t.test('what denials mean for the verbs', async (t) => {
  t.strictSame(
    judge([]).map(({ status }) => status),
    ['ok'],
  )
  const denial = { action: 'cloudformation:DescribeStacks', decision: 'implicitDeny', byOrganization: true } as const
  const found = judge([denial, denial])
  t.match(
    found.find(({ name }) => name === 'permissions of status'),
    { status: 'fail', found: 'missing: cloudformation:DescribeStacks', hint: /organization/ },
  )
})

t.test('one cause is one finding', async (t) => {
  const proxy = await startFaultProxy(moto.url)
  t.teardown(() => proxy.stop())
  const failures = async (changes: Readonly<Record<string, string | undefined>>) => {
    setEnvironment({ ...emulatedEnvironment(proxy.url), ...changes })
    const found = await examine(t, openReal())
    return [...found.values()].filter(({ status }) => status === 'fail').map(({ name, found }) => `${name}: ${found}`)
  }
  t.strictSame(await failures({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }), [
    'credentials: GetCallerIdentity: Could not load credentials from any providers',
  ])
  t.strictSame(await failures({ AWS_REGION: undefined }), ['region: Region is missing'])
  t.strictSame(await failures({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }), [
    'credentials: GetCallerIdentity: connect ECONNREFUSED 127.0.0.1:1, tried 8 times',
  ])
  proxy.rules.set('*', expired)
  t.strictSame(await failures({}), [
    'credentials: GetCallerIdentity: The security token included in the request is expired (ExpiredToken)',
  ])
  t.ok(proxy.calls.every(({ action }) => action === 'GetCallerIdentity'))
  proxy.reset()
  proxy.rules.set('ec2:DescribeVpcs', denied)
  const one = await failures({})
  t.match(
    one.filter((text) => !text.startsWith('permissions')),
    [/^quotas: DescribeVpcs: .* not authorized to perform: ec2:DescribeVpcs/],
  )
})

t.test('AWS at another address: said', async (t) => {
  const found = await examine(t, openAws({ region: undefined, profile: undefined }))
  t.match(found.get('AWS'), { status: 'warn', found: /^AWS_ENDPOINT_URL is http/, hint: 'unset AWS_ENDPOINT_URL' })
})

t.test('the own clock', async (t) => {
  const cases: [offsetMs: number, errorMs: number, status: string, found: RegExp][] = [
    [0, 200, 'ok', /^0\.0 s ahead of AWS/],
    [-1100, 200, 'ok', /^1\.1 s behind AWS/],
    [1201, 200, 'warn', /^1\.2 s ahead of AWS .*too far off to judge/],
    [-299_000, 200, 'warn', /behind/],
    [-301_000, 200, 'fail', /behind.*AWS refuses/],
  ]
  for (const [offsetMs, errorMs, status, found] of cases) {
    const finding = judgeClock(offsetMs, errorMs)
    t.match(finding, { status, found }, `${offsetMs}`)
    if (status !== 'ok') t.match(finding.hint, /^sudo /)
  }
  let answers = Number.POSITIVE_INFINITY
  const server = createServer((_, response) => {
    answers -= 1
    if (answers >= 0) response.setHeader('date', new Date(Date.now() + 400_000).toUTCString()).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const found = { status: 'fail', found: /^(399|400|401)\.\d s behind AWS/ }
  t.match(await clockFinding(url), found)
  answers = 2
  t.match(await clockFinding(url, { limitMs: 3000 }), found, 'what was answered counts')
  const unanswered = { kind: 'failed', message: /does not answer/ } as unknown as Error
  await t.rejects(clockFinding(url, { limitMs: 200 }), unanswered)
  await t.rejects(clockFinding('http://127.0.0.1:1/'), unanswered)
})

t.test('programs', async (t) => {
  const packer = (version: string, plugins = '') =>
    `case "$1 $2" in version*) echo "Packer v${version}";; "plugins installed") printf '%s\\n' ${plugins};; *) exit 1;; esac`
  const [amazon = '', ansible = '', qemu = ''] = neededPlugins.map(({ source, version }) => {
    return `/p/${source}/packer-plugin-${basename(source)}_v${version}_x5.0_linux_amd64`
  })
  const look = async (programs: Readonly<Record<string, string>>, use: Parameters<typeof programFindings>[0]) => {
    const { PATH } = process.env
    onPath(t, programs)
    const found = new Map((await programFindings(use)).map((one) => [one.name, one]))
    process.env['PATH'] = PATH
    return found
  }
  const old = await look({ packer: packer('1.6.6'), aws: 'echo aws-cli/2.9.19 Python/3.11.2' }, { reach: 'endpoint' })
  t.match(old.get('packer'), { status: 'ok', found: '1.6.6' })
  t.notOk(old.has('packer plugins'), 'they are part of an old Packer')
  t.match(old.get('AWS CLI'), { status: 'fail', found: /^2\.9\.19: .*2\.12 or later/, hint: /awscli/ })

  const all = [amazon, ansible, qemu].join(' ')
  const current = await look(
    { packer: packer('1.15.0', all), aws: 'echo aws-cli/2.31.0 Python/3.13' },
    { reach: 'endpoint' },
  )
  t.match(current.get('packer plugins'), { status: 'ok' })
  t.match(current.get('AWS CLI'), { status: 'ok', found: '2.31.0' })

  const bare = await look({ packer: packer('1.15.0', qemu) }, { reach: 'direct', builderInterface: 'session_manager' })
  t.match(bare.get('packer plugins'), {
    status: 'fail',
    found: /^missing: .*amazon .*ansible \S+$/,
    hint: /^packer init /,
  })
  t.notOk(bare.has('AWS CLI'), 'it is not needed without tunnels')
  t.match(bare.get('session-manager-plugin'), { status: 'fail', hint: /^https:/ })
})

// needs: aws, .venv/moto
/*
 * Every bad day that a proxy in front of moto can make: what an operator reads, and the exit code's kind. First AWS's answers,
 * call by call; then what is missing on this computer; then whole stories with each of their calls broken in turn.
 */
import { join } from 'node:path'
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { inTurns } from '../../tasks/lib/bounded.ts'
import { type FailureKind, OperatorError } from '../../tasks/lib/errors.ts'
import { type Aws, type ClientConfiguration, openAws } from '../../tasks/platforms/aws/clients.ts'
import { takeLock } from '../../tasks/platforms/aws/group/lock.ts'
import { createRecord, readRecord, writeRecord } from '../../tasks/platforms/aws/group/record.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import { forEachCall, type Story } from './each-call.ts'
import { type Fault, type FaultOf, startFaultProxy } from './fault-proxy.ts'
import { broken, cut, denied, expired, internalError, reset, silence, skewed, throttled, unknownKey } from './faults.ts'
import { emulatedEnvironment, startMoto } from './moto.ts'

t.setTimeout(600_000)
const main = join(import.meta.dirname, '../../tasks/terminal/main.ts')
const moto = await startMoto()
const proxy = await startFaultProxy(moto.url)
const environment = { ...process.env }
t.teardown(async () => {
  await proxy.stop()
  await moto.stop()
})
t.beforeEach(() => {
  proxy.reset()
  setEnvironment(emulatedEnvironment(proxy.url))
})

/** The environment of the tests, with these changes; `undefined` takes a variable out. */
function setEnvironment(changes: Readonly<Record<string, string | undefined>>): void {
  process.env = withoutAbsent({ ...environment, AWS_PROFILE: undefined, ...changes })
}

function withoutAbsent(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter((one): one is [string, string] => one[1] !== undefined))
}

/** The clients of a run, in a hurry: they try twice, and wait for an answer for two seconds. */
function openHurried(): Aws {
  const aws = openAws({ region: undefined, profile: undefined })
  return {
    ...aws,
    ec2: aws.open(hurried(EC2Client)),
    autoScaling: aws.open(hurried(AutoScalingClient)),
    elb: aws.open(hurried(ElasticLoadBalancingV2Client)),
    cloudFormation: aws.open(hurried(CloudFormationClient)),
    ssm: aws.open(hurried(SSMClient)),
  }
}

type ClientClass<Client> = new (configuration: ClientConfiguration) => Client

/** The same client; the SDK would wait longer before each further attempt, and in its adaptive mode before the next calls, too. */
function hurried<Client>(Class: ClientClass<Client>): ClientClass<Client> {
  const requestHandler = { connectionTimeout: 3000, requestTimeout: 5000, throwOnRequestTimeout: true }
  return class extends (Class as ClientClass<object>) {
    constructor(configuration: ClientConfiguration) {
      super({ ...configuration, maxAttempts: 2, retryMode: 'standard', requestHandler } as never)
    }
  } as ClientClass<Client>
}

/** The failure of a call that cannot succeed; one that is none of an operator's fails the test. */
async function failureOf(t: Test, call: () => Promise<unknown>): Promise<OperatorError> {
  const error = await call().then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  )
  if (!(error instanceof OperatorError)) throw error
  t.notMatch(error.message, /\n|undefined|\[object/, 'one line')
  t.match(error.hint, /^\S.*$/, 'with something to do')
  return error
}

const read = [
  ['ec2:DescribeInstances', (aws: Aws) => aws.ec2.send(new DescribeInstancesCommand({}))],
  ['cloudformation:DescribeStacks', (aws: Aws) => aws.cloudFormation.send(new DescribeStacksCommand({}))],
  ['ssm:GetParametersByPath', (aws: Aws) => aws.ssm.send(new GetParametersByPathCommand({ Path: '/bakeroll' }))],
] as const

interface BadAnswer {
  readonly day: string
  readonly fault: Fault | FaultOf
  readonly kind: FailureKind
  /** `ACTION` stands for the action's own name. */
  readonly says: RegExp
  readonly hint: RegExp
}

/** AWS is asked at the proxy, so that is the first thing to look at. */
const hint = /^unset AWS_ENDPOINT_URL/

const badAnswers: readonly BadAnswer[] = [
  {
    day: 'no permission',
    fault: denied,
    kind: 'refused',
    says: /^\w+: .*User: arn:\S+ is not authorized to perform: ACTION .* \(\w+[^)]*\)$/,
    hint: /^npm run doctor -- --platform aws/,
  },
  {
    day: 'expired credentials',
    fault: expired,
    kind: 'usage',
    says: /^\w+: (The security token included in the request is|Request has) expired \(\w+[^)]*\)$/,
    hint: /aws sso login/,
  },
  {
    day: 'credentials that nobody knows',
    fault: unknownKey,
    kind: 'usage',
    says: /^\w+: (The security token included|AWS was not able to validate)/,
    hint: /^aws sts get-caller-identity/,
  },
  { day: 'own clock off', fault: skewed, kind: 'usage', says: /^\w+: Signature expired: /, hint: /^sudo / },
  {
    day: 'throttled for ever',
    fault: throttled(),
    kind: 'refused',
    says: /^\w+: (Rate|Request limit) exceeded \(\w+[^)]*\), tried \d times$/,
    hint: /again in a minute/,
  },
  {
    day: 'AWS is ill',
    fault: internalError,
    kind: 'refused',
    says: /^\w+: An internal error has occurred \(InternalError, HTTP 500, request \S+\), tried \d times$/,
    hint,
  },
  {
    day: 'time-out',
    fault: silence,
    kind: 'refused',
    says: /^\w+: no answer in time, tried \d times$/,
    hint,
  },
  { day: 'cut connection', fault: broken, kind: 'refused', says: /^\w+: .*, tried/, hint },
  { day: 'no connection', fault: reset, kind: 'refused', says: /^\w+: (read ECONNRESET|socket hang up), tried/, hint },
  { day: 'cut answer', fault: cut, kind: 'refused', says: /^\w+: an answer that cannot be read: /, hint },
]

for (const { day, fault, kind, says, hint } of badAnswers) {
  t.test(`answers: ${day}`, async (t) => {
    for (const [action, ask] of read) {
      proxy.reset()
      proxy.rules.set(action, fault)
      const failure = await failureOf(t, () => ask(openHurried()))
      t.match(failure.message, new RegExp(says.source.replace('ACTION', action)), action)
      t.equal(failure.kind, kind, action)
      t.match(failure.hint, hint, action)
    }
  })
}

t.test('answers: throttled once, nobody notices', async () => {
  for (const [action, ask] of read) {
    proxy.rules.set(action, throttled(1))
    await ask(openHurried())
  }
})

t.test('answers: a lost answer to a change may have been done', async (t) => {
  const end = (aws: Aws) => aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: ['i-0123456789abcdef0'] }))
  for (const fault of [silence, reset, internalError]) {
    proxy.rules.set('TerminateInstances', fault)
    const failure = await failureOf(t, () => end(openHurried()))
    t.equal(failure.kind, 'failed', fault.answer)
    t.match(failure.message, /^TerminateInstances: .*; AWS may still have done it$/)
    t.match(failure.hint, /^npm run status/)
  }
})

t.test('answers: a change that was done before makes a refusal a failure', async (t) => {
  const names = namesOf('shop')
  const aws = openHurried()
  await createRecord(aws, names, {})
  proxy.rules.set('GetParameter', denied)
  const failure = await failureOf(t, () => readRecord(aws, names))
  t.equal(failure.kind, 'failed')
})

interface BadComputer {
  readonly day: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly kind: FailureKind
  readonly says: RegExp
  readonly hint: RegExp
}

const badComputers: readonly BadComputer[] = [
  {
    day: 'no credentials',
    environment: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
    kind: 'usage',
    says: /^DescribeInstances: Could not load credentials from any providers$/,
    hint: /^aws configure /,
  },
  {
    day: 'no such profile',
    environment: { AWS_PROFILE: 'nobody', AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
    kind: 'usage',
    says: /^DescribeInstances: Could not load credentials from any providers$/,
    hint: /^aws configure list-profiles .* nobody$/,
  },
  {
    day: 'no region',
    environment: { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined },
    kind: 'usage',
    says: /^DescribeInstances: Region is missing$/,
    hint: /AWS_REGION=/,
  },
  {
    day: 'a region that does not exist',
    environment: { AWS_ENDPOINT_URL: undefined, AWS_REGION: 'eu-mars-1' },
    kind: 'usage',
    says: /^DescribeInstances: getaddrinfo ENOTFOUND ec2\.eu-mars-1\.amazonaws\.com/,
    hint: /^aws ec2 describe-regions/,
  },
  {
    day: 'an endpoint that does not exist',
    environment: { AWS_ENDPOINT_URL: 'http://nowhere.invalid:1' },
    kind: 'usage',
    says: /^DescribeInstances: getaddrinfo ENOTFOUND nowhere\.invalid/,
    hint: /^unset AWS_ENDPOINT_URL/,
  },
  {
    day: 'nobody listens',
    environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    kind: 'refused',
    says: /^DescribeInstances: connect ECONNREFUSED 127\.0\.0\.1:1/,
    hint: /^unset AWS_ENDPOINT_URL/,
  },
]

for (const { day, environment, kind, says, hint } of badComputers) {
  t.test(`this computer: ${day}`, async (t) => {
    setEnvironment({ ...emulatedEnvironment(proxy.url), ...environment })
    const failure = await failureOf(t, () => openHurried().ec2.send(new DescribeInstancesCommand({})))
    t.match(failure.message, says)
    t.equal(failure.kind, kind)
    t.match(failure.hint, hint)
  })
}

t.test('this computer: the region is asked for before anything else', async (t) => {
  setEnvironment({ ...emulatedEnvironment(proxy.url), AWS_REGION: undefined })
  const failure = await failureOf(t, () => openHurried().region())
  t.equal(failure.kind, 'usage')
})

/** Every verb that asks AWS for something, and its exit code for wrong usage. */
const verbs: readonly (readonly [argv: string, exitCode: number])[] = [
  ['status', 2],
  ['images', 2],
  ['logs', 2],
  ['ssh --instance i-0123456789abcdef0 -- true', 2],
  ['bake --plan', 2],
  ['deploy --plan', 2],
  ['scale 2', 2],
  ['roll', 2],
  ['rollback', 2],
  ['heal', 2],
  ['destroy --yes', 2],
  ['check', 3],
]

const noLogins = [
  [
    'no credentials',
    { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
    /^\w+: Could not load credentials from any providers$/,
  ],
  [
    'expired credentials',
    {},
    /^\w+: (The security token included in the request is|Request has) expired \(\w+[^)]*\)$/,
  ],
] as const

for (const [day, changes, says] of noLogins) {
  t.test(`every verb: ${day}: one line, not a stack trace`, async (t) => {
    proxy.rules.set('*', expired)
    const home = t.testdir()
    const env = withoutAbsent({ ...process.env, ...changes, BAKEROLL_HOME: home })
    const ends = await inTurns(verbs, 2, async ([argv, expected]) => {
      const [verb = '', ...flags] = argv.split(' ')
      const { exitCode, stdout, stderr } = await execa('node', [main, verb, '--platform', 'aws', ...flags], {
        env,
        extendEnv: false,
        reject: false,
      })
      return { argv, expected, exitCode, stdout, lines: stderr.trim().split('\n') }
    })
    for (const { argv, expected, exitCode, stdout, lines } of ends) {
      t.equal(exitCode, expected, argv)
      t.equal(stdout, '', argv)
      t.match(lines.at(-2)?.replace(/^error: /, ''), says, argv)
      t.match(lines.at(-1), /^hint: {2}\S/, argv)
      t.notMatch(lines.join('\n'), /\n {4}at /, argv)
    }
  })
}

/** Stories by name. Each begins with fresh clients, so that what was done in one is not known in the next. */
const stories: Readonly<Record<string, Story>> = {
  'lock and record': {
    async prepare() {
      await fetch(`${moto.url}/moto-api/reset`, { method: 'POST' })
      await createRecord(openHurried(), namesOf('shop'), { size: 2 })
    },
    async tell() {
      const aws = openHurried()
      const lock = await takeLock(aws, namesOf('shop'), 'scale')
      try {
        const record = await readRecord(aws, namesOf('shop'))
        await writeRecord(aws, namesOf('shop'), { ...record, size: 3 })
      } finally {
        // A lock that cannot be given back is nothing new where AWS refuses.
        await lock.release().catch(() => {})
      }
    },
  },
}

for (const [name, story] of Object.entries(stories)) {
  t.test(`${name}: each permission missing in turn`, async (t) => {
    const actions = await forEachCall(proxy, story, denied, ({ action, error }) => {
      if (error === undefined) return
      if (!(error instanceof OperatorError)) throw error
      t.match(error.message, new RegExp(`is not authorized to perform: ${action}`), action)
      t.match(error.kind, /^(refused|failed)$/)
    })
    t.ok(actions.length >= 3, actions.join(', '))
  })

  t.test(`${name}: each call throttled once`, async (t) => {
    await forEachCall(proxy, story, throttled(1), ({ action, error }) => void t.equal(error, undefined, action))
  })
}

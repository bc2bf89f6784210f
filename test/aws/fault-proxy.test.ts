// needs: aws, .venv/moto
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm'
import t from 'tap'
import { callOf, errorAnswer } from './aws-protocols.ts'
import { forEachCall } from './each-call.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { broken, cut, denied, internalError, reset, silence, throttled } from './faults.ts'
import { startMoto } from './moto.ts'

const moto = await startMoto()
const proxy = await startFaultProxy(moto.url)
Object.assign(process.env, moto.env, { AWS_ENDPOINT_URL: proxy.url })
t.teardown(async () => {
  await proxy.stop()
  await moto.stop()
})
t.beforeEach(() => proxy.reset())

const configuration = {
  maxAttempts: 2,
  requestHandler: { requestTimeout: 3000, throwOnRequestTimeout: true },
}
const clients = {
  ec2: new EC2Client(configuration),
  cloudFormation: new CloudFormationClient(configuration),
  ssm: new SSMClient(configuration),
  tagging: new ResourceGroupsTaggingAPIClient(configuration),
}

/** One call in each of the protocols that our clients speak. */
const asked: readonly { action: string; protocol: string; ask(): Promise<unknown> }[] = [
  { action: 'ec2:DescribeVpcs', protocol: 'ec2', ask: () => clients.ec2.send(new DescribeVpcsCommand({})) },
  {
    action: 'cloudformation:DescribeStacks',
    protocol: 'query',
    ask: () => clients.cloudFormation.send(new DescribeStacksCommand({})),
  },
  {
    action: 'ssm:GetParametersByPath',
    protocol: 'json',
    ask: () => clients.ssm.send(new GetParametersByPathCommand({ Path: '/bakeroll' })),
  },
  { action: 'tag:GetResources', protocol: 'json', ask: () => clients.tagging.send(new GetResourcesCommand({})) },
]

t.test('without rules it is moto, and every call is recorded by its name in IAM', async (t) => {
  // The first call to each service makes moto load it.
  for (const { ask } of asked) await ask().catch(ask).catch(ask)
  proxy.reset()
  for (const { ask } of asked) await ask()
  t.strictSame(
    proxy.actions(),
    asked.map(({ action }) => action),
  )
  t.match(
    proxy.calls,
    asked.map(({ protocol }) => ({ protocol, isFaulty: false })),
  )
  const { Vpc } = await clients.ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))
  t.match(Vpc?.VpcId, /^vpc-/, 'what is asked is done')
})

t.test('a refusal comes in the form of the protocol and the code of the service', async (t) => {
  proxy.rules.set('*', denied)
  const codes = ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException', 'AccessDeniedException']
  for (const [i, { action, ask }] of asked.entries()) {
    const refused = { name: codes[i] ?? '', message: new RegExp(`not authorized to perform: ${action}`) }
    await t.rejects(ask(), refused as unknown as Error, action)
  }
  t.equal(proxy.calls.length, asked.length, 'refusals are not tried again')
})

t.test('throttled once passes, throttled for ever fails', async (t) => {
  for (const { action, ask } of asked) {
    proxy.reset()
    proxy.rules.set(action, throttled(1))
    await ask()
    t.match(proxy.calls, [{ isFaulty: true }, { isFaulty: false }], action)
    proxy.reset()
    proxy.rules.set(action, throttled())
    await t.rejects(ask(), { name: /Throttl|RequestLimitExceeded/ } as unknown as Error, action)
    t.match(proxy.calls, [{ isFaulty: true }, { isFaulty: true }])
  }
})

t.test('answers that are none', async (t) => {
  const cases = [
    [internalError, { name: 'InternalError' }],
    [silence, { code: 'ETIMEDOUT' }],
    [broken, { code: 'ECONNRESET', message: /aborted/ }],
    [cut, { message: /Deserialization error/ }],
    [reset, { code: 'ECONNRESET' }],
  ] as const
  for (const [fault, expected] of cases) {
    for (const { action, ask } of asked) {
      proxy.reset()
      proxy.rules.set(action, fault)
      await t.rejects(ask(), expected as unknown as Error, `${fault.answer} ${action}`)
    }
  }
})

t.test('a story is told again for each of its calls', async (t) => {
  let prepared = 0
  const story = {
    prepare: async () => {
      await clients.ec2.send(new DescribeVpcsCommand({}))
      prepared++
    },
    tell: async () => {
      await asked[1]?.ask()
      await asked[2]?.ask()
      await asked[1]?.ask()
      return 'told'
    },
  }
  const endings: unknown[] = []
  const actions = await forEachCall(proxy, story, denied, ({ action, error, result, calls }) => {
    endings.push([action, (error as Error)?.name, result, calls.length])
  })
  t.strictSame(actions, ['cloudformation:DescribeStacks', 'ssm:GetParametersByPath'])
  t.strictSame(endings, [
    ['cloudformation:DescribeStacks', 'AccessDenied', undefined, 1],
    ['ssm:GetParametersByPath', 'AccessDeniedException', undefined, 2],
  ])
  t.equal(prepared, 3)
  await t.rejects(
    forEachCall(proxy, { ...story, tell: failing(proxy) }, denied, () => {}),
    /never came to ec2:DescribeVpcs/,
  )
})

/** A story that makes another call each time. */
function failing({ url }: FaultProxy): () => Promise<unknown> {
  let isFirst = true
  return async () => {
    if (isFirst) await clients.ec2.send(new DescribeVpcsCommand({}))
    else await fetch(url)
    isFirst = false
  }
}

t.test("Smithy's RPC in CBOR", async (t) => {
  const headers = {
    authorization:
      'AWS4-HMAC-SHA256 Credential=testing/20250101/eu-central-1/monitoring/aws4_request, SignedHeaders=host',
    'smithy-protocol': 'rpc-v2-cbor',
  }
  const url = '/service/GraniteServiceVersion20100801/operation/PutMetricAlarm'
  t.strictSame(callOf({ headers, url, method: 'POST' } as never, Buffer.of(0xa0)), {
    service: 'cloudwatch',
    action: 'PutMetricAlarm',
    protocol: 'cbor',
  })
  const { body } = errorAnswer('cbor', { code: 'X', message: 'no' })
  t.equal(Buffer.from(body).toString('hex'), 'a27900065f5f74797065790001587900076d6573736167657900026e6f')
  t.equal(callOf({ headers: {}, url: '/moto-api/', method: 'GET' } as never, Buffer.alloc(0)), undefined)
})

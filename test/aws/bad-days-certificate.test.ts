// needs: aws, .venv/moto
/*
 * A certificate that waits for its DNS record: what the operator of a deploy sees meanwhile, and how the deploy
 * ends. moto makes no certificates: the stack stands without one, and what AWS says about one is told in between.
 */
import t from 'tap'
import type { Told } from './stack-answers.ts'
import { tellCreation } from './told-stack.ts'
import { assertAtRest, assertClear, startVerbGroup } from './verb-group.ts'

t.setTimeout(600_000)
const group = await startVerbGroup()
const { run, images, proxy } = group
const deploy = ['deploy', '--yes', '--image', images[0]] as const
const service = 'bakeroll-shop-service'
t.afterEach(() => proxy.reset())

const type = 'AWS::CertificateManager::Certificate'
const record = '_x1.time.example.org.'
const awaited = `Content of DNS Record is: {Name: ${record},Type: CNAME,Value: _x2.acm-validations.aws.}`
const inWords = `the DNS record ${record} CNAME _x2.acm-validations.aws.`
/** What has happened when the certificate waits, oldest first. */
const waiting: readonly Told[] = [
  'CREATE_IN_PROGRESS',
  ['Certificate', type, 'CREATE_IN_PROGRESS', 'Resource creation Initiated'],
  ['Certificate', type, 'CREATE_IN_PROGRESS', awaited],
]

t.test('the record that it waits for is told once, and the deploy goes on when it is there', async (t) => {
  await tellCreation(proxy, service, [waiting.slice(0, 2), waiting, waiting])
  const end = await run(...deploy)
  t.match(end, { exitCode: 0, facts: { outcome: 'created', size: 2 } }, end.stderr)
  t.same(end.stderr.match(/Certificate waits for .*/g), [`Certificate waits for ${inWords}`])
  await assertAtRest(t, group, 2, 'deploy')
  await group.succeed('destroy', '--yes')
})

t.test('one that is never validated: the deploy says for what it waited, and leaves nothing', async (t) => {
  const failed: readonly Told[] = [
    ...waiting,
    [
      'Certificate',
      type,
      'CREATE_FAILED',
      'DNS Record Set is not available. Certificate is in PENDING_VALIDATION status.',
    ],
    ['LoadBalancer', 'AWS::ElasticLoadBalancingV2::LoadBalancer', 'CREATE_FAILED', 'Resource creation cancelled'],
    'ROLLBACK_COMPLETE',
  ]
  await tellCreation(proxy, service, [waiting, failed])
  const end = await run(...deploy)
  assertClear(t, end, 'deploy')
  t.equal(end.exitCode, 5, end.stderr)
  t.match(
    end.errors[0],
    `stack ${service} could not be created: Certificate (CertificateManager::Certificate): DNS Record Set`,
  )
  t.match(end.hint, inWords)
  t.notOk(service in (await group.snapshot()).stacks, 'nothing of the service is left')
  t.same(await group.locks(), [])
})

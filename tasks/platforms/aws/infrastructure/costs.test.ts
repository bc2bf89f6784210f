import t from 'tap'
import { readTemplate } from '../cloudformation/template.ts'
import { costLines, estimateLines, positionsOf } from './costs.ts'
import { pricesIn } from './prices.ts'

/** The form of docs/aws-costs.md, with round prices. */
const page = `
# What it costs
List prices as known on 2026-11-01.

| item | unit | units a month | eu-central-1 USD | us-east-1 USD | when |
|---|---|---|---:|---:|---|
| load balancer | hour | 730 | 0.03 | 0.02 | always |
| load balancer: capacity (LCU), one per 25 new connections a second | LCU hour | by use | 0.01 | 0.01 | always |
| public IPv4 address | hour | 730 | 0.005 | 0.005 | each zone of the load balancer |
| instance t3.small | hour | 730 | 0.02 | 0.01 | each such instance |
| instance t3.medium | hour | 730 | 0.04 | - | each such instance |
| gp3 volume | GiB | 1 | 0.10 | 0.08 | \`VolumeGiB\` for each instance |
| metrics each minute | metric | 7 | 0.30 | 0.30 | each instance, with \`DetailedMonitoring\` |
| alarm | metric | 1 | 0.10 | 0.10 | four of the service |
| snapshot of an image | GiB | by use | 99 | 99 | each image |
| web ACL | ACL | 1 | 5 | 5 | with \`WebAcl\` |
| web ACL: rule | rule | 1 | 1 | 1 | with \`WebAcl\`, which has four |

| item | of another table |
|---|---|
| load balancer | 1000 |
`
const [network, service, guard] = await Promise.all([
  readTemplate('network'),
  readTemplate('service'),
  readTemplate('guard'),
])

function question(values: Record<string, string> = {}, { region = 'eu-central-1', isGuarded = false } = {}) {
  const templates = [network, service, ...(isGuarded ? [guard] : [])]
  return { region, size: 2, stacks: templates.map((template) => ({ template, values })) }
}

const estimate = (...about: Parameters<typeof question>) => estimateLines(question(...about), pricesIn(page))

t.test('one line with the sum and its parts', async (t) => {
  t.same(estimate(), [
    'about 61 USD a month in eu-central-1 (prices of 2026-11, without traffic): ' +
      'load balancer 22, its 2 addresses 7, 2 t3.small 29, 16 GiB of disk 2, alarms 0.50',
  ])
})

t.test('what is made and how is counted', async (t) => {
  const existing = { ExistingVpcId: 'vpc-1', ExistingPublicSubnetIds: 'subnet-1,subnet-2,subnet-3' }
  const table: [values: Record<string, string>, part: RegExp, other?: RegExp][] = [
    [{ ZoneCount: '3' }, /its 3 addresses 11/],
    [existing, /its 3 addresses 11/],
    [{ InstanceType: 't3.medium' }, /2 t3\.medium 58/, /t3\.small/],
    [{ DetailedMonitoring: 'true' }, /metrics each minute 4/],
    [{ DetailedMonitoring: 'false' }, /alarms/, /metrics each minute/],
    [{ CpuTargetPercent: '60' }, /alarms 0\.70/],
    [{ RequestsPerTarget: '100' }, /alarms 0\.70/],
    [{ VolumeGiB: '20' }, /40 GiB of disk 4/],
    [{}, /alarms/, /web ACL|snapshot|capacity/],
  ]
  for (const [values, part, other] of table) {
    const [line = ''] = estimate(values)
    t.match(line, part)
    if (other) t.notMatch(line, other)
  }
  t.match(estimate({}, { isGuarded: true }), [/1 web ACL 5, its rules 4/])
  t.notMatch(estimate({ WebAcl: 'false' }, { isGuarded: true }), [/web ACL/])
})

t.test('as many rules and metrics of alarms are counted as the templates have', async (t) => {
  const quantity = (name: string) =>
    positionsOf(question({ CpuTargetPercent: '0' }, { isGuarded: true })).find((one) => one.name === name)?.quantity
  t.equal(quantity('its rules'), guard.body.match(/^\s+Priority: \d+$/gm)?.length)
  t.equal(quantity('alarms'), service.body.match(/^\s+MetricName: \w+$/gm)?.length)
})

t.test('what the table does not know is said, not guessed', async (t) => {
  t.same(estimate({}, { region: 'ap-south-2' }), [
    'what it costs in ap-south-2 is not in docs/aws-costs.md of 2026-11, which knows eu-central-1 and us-east-1',
  ])
  t.match(estimate({ InstanceType: 'x9.huge' }), [
    /^about 31 USD a month in eu-central-1 \(prices of 2026-11, without traffic, without 2 x9\.huge\): load balancer 22/,
    'docs/aws-costs.md of 2026-11 has no price of 2 x9.huge in eu-central-1',
  ])
  t.match(estimate({ InstanceType: 't3.medium' }, { region: 'us-east-1' }), [
    /without 2 t3\.medium/,
    'docs/aws-costs.md of 2026-11 has no price of 2 t3.medium in us-east-1',
  ])
})

t.test('the documentation has a price for everything that a group with its defaults is made of', async (t) => {
  for (const region of ['eu-central-1', 'us-east-1']) {
    const asked = question({ DetailedMonitoring: 'true' }, { region, isGuarded: true })
    const lines = await costLines(asked)
    t.equal(lines.length, 1, lines.join('\n'))
    t.match(lines, [/^about \d\d\d? USD a month in \S+ \(prices of 20\d\d-\d\d, without traffic\): .*2 t3\.small \d\d/])
  }
})

import { readFile } from 'node:fs/promises'
import t from 'tap'
import { defaultsOf, readTemplate } from '../cloudformation/template.ts'
import { alarmMetrics, costLines, type PriceTable, readPrices, webAclRules } from './costs.ts'

/** Round prices. */
const usual = { 'eu-central-1': 0.02, 'us-east-1': 0.01 }
const table: PriceTable = {
  month: '2026-11',
  prices: [
    { item: 'load balancer', unitsAMonth: 730, usd: { 'eu-central-1': 0.03, 'us-east-1': 0.02 } },
    { item: 'public IPv4 address', unitsAMonth: 730, usd: { 'eu-central-1': 0.005, 'us-east-1': 0.005 } },
    { item: 'instance t3.small', unitsAMonth: 730, usd: usual },
    { item: 'instance t3.medium', unitsAMonth: 730, usd: { 'eu-central-1': 0.04 } },
    { item: 'gp3 volume', unitsAMonth: 1, usd: { 'eu-central-1': 0.1, 'us-east-1': 0.08 } },
    { item: 'metrics each minute', unitsAMonth: 7, usd: { 'eu-central-1': 0.3, 'us-east-1': 0.3 } },
    { item: 'interface endpoint', unitsAMonth: 730, usd: { 'eu-central-1': 0.01, 'us-east-1': 0.01 } },
    { item: 'alarm', unitsAMonth: 1, usd: { 'eu-central-1': 0.1, 'us-east-1': 0.1 } },
    { item: 'web ACL', unitsAMonth: 1, usd: { 'eu-central-1': 5, 'us-east-1': 5 } },
    { item: 'web ACL: rule', unitsAMonth: 1, usd: { 'eu-central-1': 1, 'us-east-1': 1 } },
  ],
}
const templates = await Promise.all(['network', 'service', 'guard'].map(readTemplate))
const [, service, guard] = templates

function question(values: Record<string, string> = {}, { region = 'eu-central-1', isGuarded = false } = {}) {
  return { region, size: 2, isGuarded, values: { ...Object.assign({}, ...templates.map(defaultsOf)), ...values } }
}

const estimate = (...about: Parameters<typeof question>) => costLines(question(...about), table)

t.test('one line with the sum and its parts', async (t) => {
  t.same(estimate(), [
    'about 61 USD a month in eu-central-1 (prices of 2026-11, without traffic): ' +
      'load balancer 22, its 2 addresses 7, 2 t3.small 29, 16 GiB of disk 2, alarms 0.50',
  ])
})

t.test('what is made and how is counted', async (t) => {
  const existing = { ExistingVpcId: 'vpc-1', ExistingPublicSubnetIds: 'subnet-1,subnet-2,subnet-3' }
  const cases: [values: Record<string, string>, part: RegExp, other?: RegExp][] = [
    [{ ZoneCount: '3' }, /its 3 addresses 11/],
    [existing, /its 3 addresses 11/],
    [{ InstanceType: 't3.medium' }, /2 t3\.medium 58/, /t3\.small/],
    [{ DetailedMonitoring: 'true' }, /metrics each minute 4/],
    [{ DetailedMonitoring: 'false' }, /alarms/, /metrics each minute/],
    [{ CpuTargetPercent: '60' }, /alarms 0\.70/],
    [{ RequestsPerTarget: '100' }, /alarms 0\.70/],
    [{ VolumeGiB: '20' }, /40 GiB of disk 4/],
    [{}, /alarms/, /web ACL|secrets/],
    [{ SecretsEndpoint: 'true' }, /endpoint for secrets 15/],
    [{ SecretsEndpoint: 'true', ZoneCount: '3' }, /endpoint for secrets 22/],
  ]
  for (const [values, part, other] of cases) {
    const [line = ''] = estimate(values)
    t.match(line, part)
    if (other) t.notMatch(line, other)
  }
  t.match(estimate({}, { isGuarded: true }), [/web ACL 5, its rules 4/])
  t.notMatch(estimate({ WebAcl: 'false' }, { isGuarded: true }), [/web ACL/])
})

t.test('as many rules and metrics of alarms are counted as the templates have', async (t) => {
  t.equal(webAclRules, guard?.body.match(/^\s+Priority: \d+$/gm)?.length)
  t.equal(alarmMetrics, service?.body.match(/^\s+MetricName: \w+$/gm)?.length)
})

t.test('what has no price is said, not guessed', async (t) => {
  t.same(estimate({}, { region: 'ap-south-2' }), [
    'no cost estimate for ap-south-2: the prices of 2026-11 cover eu-central-1 and us-east-1',
  ])
  t.match(estimate({ InstanceType: 'x9.huge' }), [
    /^about 31 USD a month in eu-central-1 \(prices of 2026-11, without traffic, without 2 x9\.huge, which have no price there\): load balancer 22/,
  ])
  t.match(estimate({ InstanceType: 't3.medium' }, { region: 'us-east-1' }), [/without 2 t3\.medium/])
})

t.test('there is a price for everything that a group with its defaults is made of', async (t) => {
  for (const region of ['eu-central-1', 'us-east-1']) {
    const lines = costLines(
      question({ DetailedMonitoring: 'true', SecretsEndpoint: 'true' }, { region, isGuarded: true }),
      await readPrices(),
    )
    t.match(lines, [/^about \d\d\d? USD a month in \S+ \(prices of 20\d\d-\d\d, without traffic\): .*2 t3\.small \d\d/])
  }
})

t.test('docs/aws-costs.md says the same prices', async (t) => {
  const page = await readFile('docs/aws-costs.md', 'utf8')
  const { month, prices } = await readPrices()
  t.match(page, `known on ${month}-`)
  for (const { item, unitsAMonth, usd } of prices) {
    const [, units, ...shown] =
      page.split('\n').flatMap((line) => (line.startsWith(`| ${item} |`) ? [line.split('|').slice(2)] : []))[0] ?? []
    t.equal(Number(units), unitsAMonth, item)
    t.same(shown.slice(0, 2).map(Number), [usd['eu-central-1'], usd['us-east-1']], item)
  }
})

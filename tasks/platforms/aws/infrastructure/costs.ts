import { count } from '../../../lib/count.ts'
import type { Template } from '../cloudformation/template.ts'
import { defaultsOf, resourcesMade, type Values } from '../cloudformation/template-conditions.ts'
import { type Price, type PriceTable, readPrices } from './prices.ts'

/** A template and the values with which it is used. */
export interface TemplateUse {
  readonly template: Template
  readonly values: Values
}

/** What a group is made of. */
export interface CostQuestion {
  readonly region: string
  /** How many instances. */
  readonly size: number
  readonly stacks: readonly TemplateUse[]
}

/** Something that is billed whether it is used or not. */
export interface Position {
  /** For people, with its number: `2 t3.small`. */
  readonly name: string
  /** Which row of the price table it is. */
  readonly item: RegExp
  /** How many times that row's units. */
  readonly quantity: number
}

/**
 * What a group costs in a month by the price table of the documentation, as one line, and what that line leaves out; never a
 * guess: what the table does not know is named.
 */
export async function costLines(question: CostQuestion): Promise<string[]> {
  const table = await readPrices()
  return table === undefined
    ? ['what it costs is not known: docs/aws-costs.md is gone']
    : estimateLines(question, table)
}

/** As `costLines`, by a given table. */
export function estimateLines(question: CostQuestion, { month, prices }: PriceTable): string[] {
  const { region } = question
  const known = new Set(prices.flatMap(({ usd }) => [...usd.keys()]))
  const source = `docs/aws-costs.md${month === undefined ? '' : ` of ${month}`}`
  if (!known.has(region)) {
    return [`what it costs in ${region} is not in ${source}, which knows ${[...known].join(' and ')}`]
  }
  const priced = positionsOf(question).map((one) => ({ ...one, usd: monthlyUsd(one, prices, region) }))
  const sum = priced.reduce((total, { usd = 0 }) => total + usd, 0)
  const parts = priced.flatMap(({ name, usd }) => (usd === undefined ? [] : [`${name} ${rounded(usd)}`]))
  const unknown = priced.filter(({ usd }) => usd === undefined).map(({ name }) => name)
  const when = month === undefined ? 'without traffic' : `prices of ${month}, without traffic`
  const without = unknown.length === 0 ? '' : `, without ${unknown.join(' and ')}`
  return [
    `about ${rounded(sum)} USD a month in ${region} (${when}${without}): ${parts.join(', ')}`,
    ...(unknown.length === 0 ? [] : [`${source} has no price of ${unknown.join(' and ')} in ${region}`]),
  ]
}

/** Everything of a group that is billed by the hour or month. */
export function positionsOf({ size, stacks }: CostQuestion): Position[] {
  const values: Values = Object.assign({}, ...stacks.map((one) => ({ ...defaultsOf(one.template), ...one.values })))
  const made = stacks.flatMap((one) => resourcesMade(one.template, one.values))
  const countOf = (type: string) => made.filter((one) => one.type === `AWS::${type}`).length
  const balancers = countOf('ElasticLoadBalancingV2::LoadBalancer')
  const addresses = balancers * zonesOf(values)
  const gib = size * Number(values['VolumeGiB'] ?? 8)
  const alarms = countOf('CloudWatch::Alarm')
  // Each metric of an alarm is billed. The one for errors has two; target tracking makes two alarms, above and below.
  const metrics = alarms + Math.min(alarms, 1) + 2 * countOf('AutoScaling::ScalingPolicy')
  const monitored = values['DetailedMonitoring'] === 'true' ? size : 0
  const acls = countOf('WAFv2::WebACL')
  const type = values['InstanceType'] ?? ''
  const all: Position[] = [
    { name: 'load balancer', item: /^load balancer(?!.*(capacity|LCU))/i, quantity: balancers },
    { name: `its ${addresses} addresses`, item: /public IPv4 address/i, quantity: addresses },
    { name: `${size} ${type}`, item: new RegExp(`(^| )${type.replaceAll('.', '\\.')}$`), quantity: size },
    { name: `${gib} GiB of disk`, item: /gp3/i, quantity: gib },
    { name: 'metrics each minute', item: /metrics each minute/i, quantity: monitored },
    { name: 'alarms', item: /^alarm/i, quantity: metrics },
    { name: count(acls, 'web ACL'), item: /^web ACL$/i, quantity: acls },
    { name: 'its rules', item: /^web ACL.*rule/i, quantity: acls * webAclRules },
  ]
  return all.filter(({ quantity }) => quantity > 0)
}

/** The rules of the web ACL in cloudformation/guard.yaml; each is billed. */
const webAclRules = 4

/** The load balancer has a public address in each zone. */
function zonesOf({ ExistingPublicSubnetIds = '', ZoneCount = '2' }: Values): number {
  return ExistingPublicSubnetIds === '' ? Number(ZoneCount) : ExistingPublicSubnetIds.split(',').length
}

function monthlyUsd({ item, quantity }: Position, prices: readonly Price[], region: string): number | undefined {
  const row = prices.find((price) => item.test(price.item))
  const usd = row?.usd.get(region)
  return row?.unitsAMonth === undefined || usd === undefined ? undefined : usd * row.unitsAMonth * quantity
}

function rounded(usd: number): string {
  return usd < 1 ? usd.toFixed(2) : String(Math.round(usd))
}

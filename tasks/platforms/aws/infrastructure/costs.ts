import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Values } from '../cloudformation/template.ts'

export interface CostQuestion {
  readonly region: string
  readonly size: number
  /** Parameters of all stacks, defaults included. */
  readonly values: Values
  readonly isGuarded: boolean
}

export interface Price {
  readonly item: string
  /** Units that one item uses in a month. */
  readonly unitsAMonth: number
  /** US dollars per unit, by region. */
  readonly usd: Readonly<Record<string, number>>
}

/** List prices as of one month. */
export interface PriceTable {
  /** `2026-11`. */
  readonly month: string
  readonly prices: readonly Price[]
}

/** Something that is billed whether or not it is used. */
interface Position {
  /** Shown to people, with the quantity: `2 t3.small`. */
  readonly name: string
  /** The row in the price table. */
  readonly item: string
  /** Multiplies the row's units. */
  readonly quantity: number
}

/** Metrics of the service's four alarms, billed each; the alarm for errors has two. */
export const alarmMetrics = 5
/** Target tracking creates two alarms, high and low. */
const scalingMetrics = 2
/** Rules of the web ACL in cloudformation/guard.yaml, billed each. */
export const webAclRules = 4

/** docs/aws-costs.md explains the price table and its sources. */
export async function readPrices(): Promise<PriceTable> {
  return JSON.parse(await readFile(join(import.meta.dirname, 'prices.json'), 'utf8'))
}

/** The monthly cost of a group in one line. Never guesses: what has no price is named. */
export function costLines(question: CostQuestion, { month, prices }: PriceTable): string[] {
  const { region } = question
  const known = [...new Set(prices.flatMap(({ usd }) => Object.keys(usd)))]
  if (!known.includes(region)) {
    return [`no cost estimate for ${region}: the prices of ${month} cover ${known.join(' and ')}`]
  }
  const priced = positionsOf(question).map((one) => ({ ...one, usd: monthlyUsd(one, prices, region) }))
  const sum = priced.reduce((total, { usd = 0 }) => total + usd, 0)
  const parts = priced.flatMap(({ name, usd }) => (usd === undefined ? [] : [`${name} ${rounded(usd)}`]))
  const unknown = priced.filter(({ usd }) => usd === undefined).map(({ name }) => name)
  const without = unknown.length === 0 ? '' : `, without ${unknown.join(' and ')}, which have no price there`
  return [
    `about ${rounded(sum)} USD a month in ${region} (prices of ${month}, without traffic${without}): ${parts.join(', ')}`,
  ]
}

/** Everything that is billed by the hour or month. */
function positionsOf({ size, values, isGuarded }: CostQuestion): Position[] {
  const addresses = zonesOf(values)
  const gib = size * Number(values['VolumeGiB'] ?? 8)
  const scalings = ['CpuTargetPercent', 'RequestsPerTarget'].filter((name) => Number(values[name] ?? 0) > 0).length
  const endpoints = values['SecretsEndpoint'] === 'true' ? Number(values['ZoneCount'] ?? 2) : 0
  const acls = isGuarded && values['WebAcl'] === 'true' ? 1 : 0
  const type = values['InstanceType'] ?? ''
  const all: Position[] = [
    { name: 'load balancer', item: 'load balancer', quantity: 1 },
    { name: `its ${addresses} addresses`, item: 'public IPv4 address', quantity: addresses },
    { name: `${size} ${type}`, item: `instance ${type}`, quantity: size },
    { name: `${gib} GiB of disk`, item: 'gp3 volume', quantity: gib },
    {
      name: 'metrics each minute',
      item: 'metrics each minute',
      quantity: values['DetailedMonitoring'] === 'true' ? size : 0,
    },
    { name: 'endpoint for secrets', item: 'interface endpoint', quantity: endpoints },
    { name: 'alarms', item: 'alarm', quantity: alarmMetrics + scalingMetrics * scalings },
    { name: 'web ACL', item: 'web ACL', quantity: acls },
    { name: 'its rules', item: 'web ACL: rule', quantity: acls * webAclRules },
  ]
  return all.filter(({ quantity }) => quantity > 0)
}

/** The load balancer has one public address per zone. */
function zonesOf({ ExistingPublicSubnetIds = '', ZoneCount = '2' }: Values): number {
  return ExistingPublicSubnetIds === '' ? Number(ZoneCount) : ExistingPublicSubnetIds.split(',').length
}

function monthlyUsd({ item, quantity }: Position, prices: readonly Price[], region: string): number | undefined {
  const row = prices.find((price) => price.item === item)
  const usd = row?.usd[region]
  return row === undefined || usd === undefined ? undefined : usd * row.unitsAMonth * quantity
}

function rounded(usd: number): string {
  return usd < 1 ? usd.toFixed(2) : String(Math.round(usd))
}

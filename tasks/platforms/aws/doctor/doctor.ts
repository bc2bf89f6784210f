import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { OperatorError } from '../../../lib/errors.ts'
import type { Finding } from '../../../lib/platform.ts'
import { checkHomeIsWritable, type Home } from '../../home.ts'
import type { Aws } from '../clients.ts'
import { type ProgramUse, programFindings } from './needed-programs.ts'
import { clockFinding } from './own-clock.ts'
import { permissionFindings } from './permission-findings.ts'
import { quotaFindings } from './quotas.ts'

export interface ExaminedAws extends ProgramUse {
  readonly aws: Aws
  readonly home: Home
  readonly group: string
  readonly profile: string | undefined
}

/**
 * Checks everything that the aws platform needs, on this computer and in the account, without changes. Checks that
 * depend on a failed one are left out, so that one cause gives one finding.
 */
export async function examineAccount(examined: ExaminedAws): Promise<Finding[]> {
  const [place, programs, account] = await Promise.all([
    look('home', async () => homeFinding(examined.home)),
    programFindings(examined),
    accountFindings(examined),
  ])
  return [...place.findings, ...account, ...programs]
}

function homeFinding(home: Home): Finding[] {
  checkHomeIsWritable(home)
  return [{ name: 'home', status: 'ok', found: home.folder }]
}

/** Region, credentials, this computer's clock, and what the account allows. */
async function accountFindings({ aws, group, profile }: ExaminedAws): Promise<Finding[]> {
  const region = await look('region', () => findRegion(aws))
  // Credentials are valid, or not, in every region.
  const inRegion = region.value ?? 'us-east-1'
  const [caller, clock] = await Promise.all([
    look('credentials', () => findCaller(aws, inRegion, profile)),
    look('own clock', async () => [await clockFinding(timeSource(inRegion))]),
  ])
  const known = [...endpointFindings(), ...region.findings, ...caller.findings]
  // When AWS is unreachable, the credentials finding already says so.
  if (!clock.isFailed || !caller.isFailed) known.push(...clock.findings)
  if (!caller.value || !region.value) return known
  const { arn, account } = caller.value
  const scope = { partition: arn.split(':')[1] ?? 'aws', account, region: region.value, group }
  const [permissions, quotas] = await Promise.all([
    look('permissions', () => permissionFindings(aws, arn, scope)),
    look('quotas', () => quotaFindings(aws, group)),
  ])
  return [...known, ...permissions.findings, ...quotas.findings]
}

interface Seen<Value> {
  readonly findings: Finding[]
  readonly isFailed: boolean
  readonly value?: Value
}

type Sight<Value> = Finding[] | (Finding & { readonly value: Value })

/** The findings of one check, or the finding that it failed. Defects of ours are rethrown. */
async function look<Value>(name: string, at: () => Promise<Sight<Value>>): Promise<Seen<Value>> {
  try {
    const sight = await at()
    if (Array.isArray(sight)) return { findings: sight, isFailed: false }
    const { value, ...finding } = sight
    return { findings: [finding], isFailed: false, value }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const { message, hint } = error
    const finding: Finding = { name, status: 'fail', found: message, ...(hint === undefined ? {} : { hint }) }
    return { findings: [finding], isFailed: true }
  }
}

function endpointFindings(): Finding[] {
  const endpoint = process.env['AWS_ENDPOINT_URL']
  if (!endpoint) return []
  const found = `AWS_ENDPOINT_URL is ${endpoint}: all requests go there`
  return [{ name: 'AWS', status: 'warn', found, hint: 'unset AWS_ENDPOINT_URL' }]
}

async function findRegion(aws: Aws): Promise<Sight<string>> {
  const value = await aws.region()
  return { name: 'region', status: 'ok', found: value, value }
}

async function findCaller(
  aws: Aws,
  region: string,
  profile: string | undefined,
): Promise<Sight<{ arn: string; account: string }>> {
  const { Arn: arn = '', Account: account = '' } = await aws
    .open(STSClient, region)
    .send(new GetCallerIdentityCommand({}))
  const found = `${arn}, account ${account}${profile === undefined ? '' : `, profile ${profile}`}`
  return { name: 'credentials', status: 'ok', found, value: { arn, account } }
}

/** A URL that answers with AWS's time, without credentials too. */
function timeSource(region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return process.env['AWS_ENDPOINT_URL'] ?? `https://sts.${region}.${domain}/`
}

import type { RequestHeaders } from '../probe/request-headers.ts'
import type { CheckReport } from './report.ts'

/** What everybody may know of a request. */
const harmless = new Set(['host', 'user-agent', 'accept', 'accept-language', 'cache-control'])
/** What is shorter would be found by chance. */
const shortest = 4

/** A report without what a service repeats of the secrets that it was told. */
export function withoutSecrets(report: CheckReport, told: readonly (RequestHeaders | undefined)[]): CheckReport {
  const secrets = told.flatMap((headers) => [...(headers ?? [])].flatMap(([name, { value }]) => partsOf(name, value)))
  const found = [...new Set(secrets)].filter((secret) => secret.length >= shortest)
  if (found.length === 0) return report
  // The longest first, since one may be a part of another; as JSON has them, since a reason may quote.
  const sorted = found.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  const all = sorted.toSorted((a, b) => b.length - a.length)
  return replaced(report, (text) => all.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text))
}

function partsOf(name: string, value: string): string[] {
  if (harmless.has(name)) return []
  const [, credentials] = /^[\w-]+ +(.+)$/.exec(value) ?? []
  if (name !== 'authorization' || credentials === undefined) return [value]
  const pair = /^basic /i.test(value) ? Buffer.from(credentials, 'base64').toString() : ''
  return [value, credentials, pair, pair.slice(pair.indexOf(':') + 1)]
}

function replaced<T>(value: T, replace: (text: string) => string): T {
  if (typeof value === 'string') return replace(value) as T
  if (Array.isArray(value)) return value.map((one) => replaced(one, replace)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, replace)])) as T
}

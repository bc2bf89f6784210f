import type { RequestHeaders } from '../probe/request-headers.ts'
import type { CheckReport, TargetReport } from './report.ts'
import { summarise } from './summary.ts'

/** What everybody may know of a request. */
const harmless = new Set(['host', 'user-agent', 'accept', 'accept-language', 'cache-control'])
/** What is shorter would be found by chance. */
const shortest = 4

/** A report without what a service repeats of the secrets that it was told; what it did not say stays as it is. */
export function withoutSecrets(report: CheckReport, told: readonly (RequestHeaders | undefined)[]): CheckReport {
  const secrets = told.flatMap((headers) => [...(headers ?? [])].flatMap(([name, { value }]) => partsOf(name, value)))
  const found = [...new Set(secrets)].filter((secret) => secret.length >= shortest)
  if (found.length === 0) return report
  // The longest first, since one may be a part of another; as JSON has them, since a reason may quote.
  const sorted = found.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  const all = sorted.toSorted((a, b) => b.length - a.length)
  const clean = (text: string) => all.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
  const targets = report.targets.map((target) => cleaned(target, clean))
  return { ...report, targets, summary: summarise(targets) }
}

function cleaned(target: TargetReport, clean: (text: string) => string): TargetReport {
  const { reasons, redirects, version, certificate } = target
  return {
    ...target,
    reasons: reasons.map(clean),
    ...(redirects === undefined ? {} : { redirects: redirects.map(clean) }),
    ...(version?.found === undefined ? {} : { version: { ...version, found: clean(version.found) } }),
    ...(certificate?.host === undefined ? {} : { certificate: { ...certificate, host: clean(certificate.host) } }),
  }
}

function partsOf(name: string, value: string): string[] {
  if (harmless.has(name) || name.startsWith('x-forwarded-')) return []
  const [, credentials] = /^[\w-]+ +(.+)$/.exec(value) ?? []
  if (name !== 'authorization' || credentials === undefined) return [value]
  const pair = /^basic /i.test(value) ? Buffer.from(credentials, 'base64').toString() : ''
  return [value, credentials, pair, pair.slice(pair.indexOf(':') + 1)]
}

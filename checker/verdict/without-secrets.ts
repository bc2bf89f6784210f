import type { RequestHeaders } from '../probe/request-headers.ts'
import type { CheckReport, TargetReport } from './report.ts'
import { secretParts } from './secret-parts.ts'
import { summarise } from './summary.ts'

/** So much of a secret gives it away where an answer was cut, behind the name or the scheme that it may begin with. */
function beginningOf(secret: string): string {
  return secret.slice(0, Math.max(8, secret.search(/[= ]/) + 5))
}

/** A report without what a service repeats of the secrets that it was told; what it did not say stays as it is. */
export function withoutSecrets(report: CheckReport, told: readonly (RequestHeaders | undefined)[]): CheckReport {
  const found = told.flatMap((headers) => (headers === undefined ? [] : secretParts(headers)))
  if (found.length === 0) return report
  // The longest first, since one may be a part of another; as JSON has them, since a reason may quote, and as a url has them.
  const forms = found.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), inUrl(secret)])
  const all = [...new Set(forms)].toSorted((a, b) => b.length - a.length)
  const clean = (text: string) => all.reduce(withoutSecret, text)
  const targets = report.targets.map((target) => cleaned(target, clean))
  return { ...report, targets, summary: summarise(targets) }
}

/** Without a secret, and without as much of its beginning as is there. */
function withoutSecret(text: string, secret: string): string {
  const beginning = beginningOf(secret)
  const [first = '', ...others] = text.split(beginning)
  const rest = secret.slice(beginning.length)
  return others.reduce((done, other) => `${done}[secret]${other.slice(sharedLength(other, rest))}`, first)
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1
  return length
}

function inUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed())
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

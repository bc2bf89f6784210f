import type { RequestHeaders } from '../probe/request-headers.ts'
import type { CheckReport, TargetReport } from './report.ts'
import { secretParts } from './secret-parts.ts'
import { summarise } from './summary.ts'

/**
 * The shortest prefix to remove where an answer was cut off inside a secret: past the name or scheme that the secret may start
 * with.
 */
function beginningOf(secret: string): string {
  return secret.slice(0, Math.max(8, secret.search(/[= ]/) + 5))
}

/** Replaces secrets from the request headers that the service echoed in the report; everything else stays as it is. */
export function withoutSecrets(report: CheckReport, sent: readonly (RequestHeaders | undefined)[]): CheckReport {
  const found = sent.flatMap((headers) => (headers === undefined ? [] : secretParts(headers)))
  if (found.length === 0) return report
  // The longest first, since one may be part of another; also JSON-escaped, since a reason may quote it, and url-encoded.
  const forms = found.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), inUrl(secret)])
  const all = [...new Set(forms)].toSorted((a, b) => b.length - a.length)
  const clean = (text: string) => all.reduce(withoutSecret, text)
  const targets = report.targets.map((target) => cleaned(target, clean))
  return { ...report, targets, summary: summarise(targets) }
}

/** Replaces each occurrence of the secret, and of a prefix of it that is long enough. */
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

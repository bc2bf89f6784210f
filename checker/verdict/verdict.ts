import { formatDurationMs } from '../duration.ts'
import { type CheckSettings, settingsFor } from '../options/settings.ts'
import type { ProbeFacts } from '../probe/facts.ts'
import type { Failure } from '../probe/failure.ts'
import { hopsInWords } from '../probe/redirects.ts'
import type { OwnClock } from '../run-types.ts'
import { type Finding, judgeClocks, reportOwnClock } from './clock-verdict.ts'
import { type CheckReport, severity, type TargetReport, worstVerdict } from './report.ts'
import { summarise } from './summary.ts'

export function judge(
  facts: readonly ProbeFacts[],
  settings: CheckSettings,
  ownClock: OwnClock = { state: 'unmeasured' },
): CheckReport {
  const targets = facts.map((fact) => judgeTarget(fact, settingsFor(settings, fact.url), ownClock))
  const verdict = targets.length === 0 ? 'unknown' : worstVerdict(targets.map((target) => target.verdict))
  return { ok: verdict === 'ok', verdict, summary: summarise(targets), targets, ...reportOwnClock(ownClock) }
}

/** Judges one address of one service; reports no offset when the own clock cannot be trusted. */
export function judgeTarget(
  facts: ProbeFacts,
  settings: CheckSettings,
  ownClock: OwnClock = { state: 'unmeasured' },
): TargetReport {
  const { findings: clockFindings, notes: clockNotes, clock } = judgeClocks(facts, settings, ownClock)
  const findings = [
    ...judgeFailure(facts.timeFailure),
    ...judgeFailure(facts.bodyFailure),
    ...judgeVersion(facts, settings),
    ...clockFindings,
    ...judgeLatency(facts.latencyMs, settings),
    ...judgeCertificate(facts.certificate, settings),
  ].toSorted((a, b) => severity(b.verdict) - severity(a.verdict))
  const verdict = worstVerdict(findings.map((finding) => finding.verdict))
  const notes = [
    ...clockNotes,
    ...(facts.note === undefined ? [] : [facts.note]),
    ...redirectNotes(facts),
    ...leftOutNotes(facts),
  ]
  const reasons = [...findings.map(({ reason }) => reason), ...notes]
  return {
    url: facts.url,
    ...(facts.address === undefined ? {} : { address: facts.address }),
    verdict,
    reasons,
    ...(facts.status === undefined ? {} : { status: facts.status }),
    ...(facts.hops === undefined ? {} : { redirects: facts.hops }),
    ...(facts.latencyMs === undefined ? {} : { latencyMs: Math.round(facts.latencyMs * 10) / 10 }),
    ...reportVersion(facts, settings),
    ...(clock === undefined ? {} : { clock }),
    ...reportCertificate(facts),
  }
}

function redirectNotes({ hops = [] }: ProbeFacts): string[] {
  const words = hopsInWords(hops)
  return words === undefined ? [] : [words]
}

function leftOutNotes({ leftOut = [] }: ProbeFacts): string[] {
  return leftOut.length === 0 ? [] : [`left out, since the checker has no route to it: ${leftOut.join(', ')}`]
}

function judgeFailure(failure: Failure | undefined): Finding[] {
  if (failure === undefined) return []
  return [{ verdict: failure.cause === 'checker' ? 'unknown' : 'critical', reason: failure.reason }]
}

function judgeVersion({ versionFound, versionFailure }: ProbeFacts, { expectVersion }: CheckSettings): Finding[] {
  if (expectVersion === undefined) return []
  if (versionFailure !== undefined) return judgeFailure(versionFailure)
  if (versionFound === undefined || [expectVersion].flat().includes(versionFound)) return []
  return [{ verdict: 'critical', reason: `version ${versionFound}, expected ${inWords(expectVersion)}` }]
}

function reportVersion({ versionFound: found }: ProbeFacts, settings: CheckSettings): Pick<TargetReport, 'version'> {
  const expected = settings.expectVersion === undefined ? undefined : inWords(settings.expectVersion)
  if (found === undefined && expected === undefined) return {}
  return { version: { ...(found === undefined ? {} : { found }), ...(expected === undefined ? {} : { expected }) } }
}

function inWords(versions: string | readonly string[]): string {
  return [versions].flat().join(' or ')
}

function judgeLatency(latencyMs: number | undefined, settings: CheckSettings): Finding[] {
  const { criticalLatencyMs = Number.POSITIVE_INFINITY, warningLatencyMs = Number.POSITIVE_INFINITY } = settings
  if (latencyMs === undefined) return []
  const reason = (limitMs: number) =>
    `answers take ${formatDurationMs(latencyMs)}, more than ${formatDurationMs(limitMs)}`
  if (latencyMs > criticalLatencyMs) return [{ verdict: 'critical', reason: reason(criticalLatencyMs) }]
  return latencyMs > warningLatencyMs ? [{ verdict: 'warning', reason: reason(warningLatencyMs) }] : []
}

function judgeCertificate(certificate: ProbeFacts['certificate'], settings: CheckSettings): Finding[] {
  // An expired certificate is already reported as a connection failure.
  if (certificate === undefined || certificate.daysLeft < 0) return []
  const { daysLeft, host } = certificate
  const { warningCertificateDays, criticalCertificateDays } = settings
  if (daysLeft >= Math.max(warningCertificateDays, criticalCertificateDays)) return []
  const verdict = daysLeft < criticalCertificateDays ? 'critical' : 'warning'
  const whose = host === undefined ? 'the certificate' : `the certificate of ${host}`
  return [{ verdict, reason: `${whose} expires in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}` }]
}

function reportCertificate({ certificate }: ProbeFacts): Pick<TargetReport, 'certificate'> {
  if (certificate === undefined) return {}
  const { daysLeft, endsMs, host } = certificate
  const endsAt = new Date(endsMs).toISOString()
  return { certificate: { daysLeft, endsAt, ...(host === undefined ? {} : { host }) } }
}

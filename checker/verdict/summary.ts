import { formatDurationMs } from '../duration.ts'
import { severity, type TargetReport, worstVerdict } from './report.ts'

/** One line for people: the worst target and why, or what was measured when all is well. */
export function summarise(targets: readonly TargetReport[]): string {
  const verdict = worstVerdict(targets.map((target) => target.verdict))
  const worst = targets.toSorted((a, b) => severity(b.verdict) - severity(a.verdict))[0]
  if (worst === undefined) return 'nothing was checked'
  const affected = targets.filter((target) => target.verdict === verdict).length
  const count = targets.length === 1 ? '' : `${affected} of ${targets.length} targets ${verdict}: `
  if (verdict !== 'ok') return `${count}${targetName(worst)}: ${worst.reasons[0]}`
  if (targets.length > 1) return `all ${targets.length} targets ok: ${describeFacts(furthest(targets))}`
  return `${targetName(worst)} ok: ${describeFacts(worst)}`
}

/** A target's url, with its address when the url does not contain it. */
export function targetName({ url, address }: Pick<TargetReport, 'url' | 'address'>): string {
  if (address === undefined) return url
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return host === address ? url : `${url} (${address})`
}

/** The measured facts in words: version, clock, latency, certificate. */
export function describeFacts({ version, clock, latencyMs, certificate }: TargetReport): string {
  return [
    version?.found === undefined ? '' : `version ${version.found}`,
    clock === undefined
      ? ''
      : `clock ${signed(clock.offsetMs)} ± ${formatDurationMs(clock.errorMs)}${clock.clocks > 1 ? ` (the worst of ${clock.clocks})` : ''}`,
    latencyMs === undefined ? '' : `answers in ${formatDurationMs(latencyMs)}`,
    certificate === undefined ? '' : `certificate ${certificate.daysLeft} days`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function signed(offsetMs: number): string {
  return `${offsetMs < 0 ? '−' : '+'}${formatDurationMs(Math.abs(offsetMs))}`
}

function furthest(targets: readonly TargetReport[]): TargetReport {
  const offset = ({ clock }: TargetReport) => Math.abs(clock?.offsetMs ?? 0)
  return targets.reduce((worst, target) => (offset(target) > offset(worst) ? target : worst))
}

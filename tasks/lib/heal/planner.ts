import type { TargetHealth } from '../platform.ts'
import type { ProbeResult } from '../readiness.ts'

/** From smallest to largest, the order of `--max-repair`. */
export const repairs = ['nginx', 'container', 'docker', 'time', 'reboot', 'release', 'replace'] as const

/**
 * Restart nginx, the container, Docker or the time service; reboot the machine; bring the release that is in place;
 * replace the machine.
 */
export type Repair = (typeof repairs)[number]

/** Repairs inside an instance, over SSH. */
export type InnerRepair = Exclude<Repair, 'release' | 'replace'>

/** What was seen over SSH; a part whose state could not be read is absent. */
export interface Inspection {
  readonly ssh: 'reachable' | 'unreachable' | 'not-tried'
  readonly nginx?: 'active' | 'inactive' | 'failed'
  readonly docker?: 'active' | 'inactive' | 'failed'
  readonly container?: 'running' | 'exited' | 'paused' | 'missing' | 'restarting'
  readonly time?: 'active' | 'inactive' | 'failed'
}

export interface Symptoms extends Inspection {
  readonly machine: 'running' | 'stopped'
  readonly health: TargetHealth
  readonly probe: ProbeResult
  /** It lacks the release that is in place: `serves 1.4.0, 1.4.1 is in place`. */
  readonly lacking?: string | undefined
}

/** The smallest untried repair that may help, or why there is none. */
export type RepairDecision =
  | { readonly do: 'none' }
  | { readonly do: 'repair'; readonly repair: Repair; readonly reason: string }
  | { readonly do: 'give up'; readonly reason: string }

/**
 * Decides the next repair of one instance after those in `tried`: first what is visibly down, then the ladder that fits
 * the symptom. Each repair at most once, none larger than `maxRepair`.
 */
export function nextRepair(
  symptoms: Symptoms,
  tried: readonly Repair[],
  maxRepair: Repair = 'replace',
): RepairDecision {
  const reason = diagnose(symptoms)
  if (reason === undefined) return { do: 'none' }
  const open = candidates(symptoms).filter((repair) => !tried.includes(repair))
  const repair = open.find((one) => repairs.indexOf(one) <= repairs.indexOf(maxRepair))
  if (repair) return { do: 'repair', repair, reason }
  const larger = open[0]
  return {
    do: 'give up',
    reason: larger ? `${reason}; it needs ${larger}, allowed is ${maxRepair}` : `${reason}; every repair was tried`,
  }
}

/** What is wrong, in one line; `undefined` when nothing is. */
export function diagnose({ machine, health, probe, lacking, ...inside }: Symptoms): string | undefined {
  if (machine === 'stopped') return 'its machine is gone'
  const rejected = health === 'unhealthy' || health === 'unused'
  const isOpen = probe.undecided && inside.ssh !== 'unreachable' && partsDown(inside).length === 0
  if (probe.ok || isOpen) return rejected ? `answers, but the load balancer says ${health}` : lacking
  const symptom = probe.reason ?? 'our probe fails'
  if (inside.ssh === 'unreachable') return `${symptom}; unreachable over SSH`
  const down = partsDown(inside)
  return down.length > 0 ? `${symptom}; ${down.join(', ')}` : symptom
}

function candidates(symptoms: Symptoms): Repair[] {
  const { machine, probe, ssh, nginx, docker, container, time } = symptoms
  if (isOnlyLacking(symptoms)) return ['release']
  if (machine === 'stopped' || ssh === 'unreachable' || probe.versionOk === false) return ['replace']
  if (probe.undecided && isDown(time, 'active')) return ['time']
  const isClockOnly = probe.clockOk === false && probe.upstreamOk !== false
  if (!probe.ok && isClockOnly) return ['time', 'reboot', 'replace']
  const pointed: Repair[] = []
  if (isDown(nginx, 'active')) pointed.push('nginx')
  if (isDown(docker, 'active')) pointed.push('docker')
  else if (isDown(container, 'running')) pointed.push('container')
  if (pointed.length > 0 && isDown(time, 'active')) pointed.push('time')
  const ladder: Repair[] = ['nginx', 'container', 'docker', 'reboot', 'replace']
  const from = isDown(docker, 'active') ? 2 : probe.upstreamOk === false || isDown(container, 'running') ? 1 : 0
  return [...new Set([...pointed, ...ladder.slice(from)])]
}

/** Works, with the release of its image. */
export function isOnlyLacking(symptoms: Symptoms): boolean {
  return symptoms.lacking !== undefined && diagnose(symptoms) === symptoms.lacking
}

function partsDown({ nginx, docker, container, time }: Omit<Inspection, 'ssh'>): string[] {
  const parts = [
    isDown(nginx, 'active') && `nginx ${nginx}`,
    isDown(docker, 'active') && `docker ${docker}`,
    isDown(container, 'running') && `container ${container}`,
    isDown(time, 'active') && `time service ${time}`,
  ]
  return parts.filter((part) => part !== false)
}

function isDown(found: string | undefined, right: string): boolean {
  return found !== undefined && found !== right
}

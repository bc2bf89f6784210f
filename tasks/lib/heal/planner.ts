import type { TargetHealth } from '../platform.ts'
import type { ProbeResult } from '../readiness.ts'

/** From the smallest to the largest: what `--max-repair` counts by. */
export const repairs = ['nginx', 'container', 'docker', 'time', 'reboot', 'replace'] as const

/** One repair: restart nginx, the container, Docker or the time service; reboot the machine; replace it. */
export type Repair = (typeof repairs)[number]

/** The repairs that happen inside an instance, over SSH. */
export type InnerRepair = Exclude<Repair, 'replace'>

/** What a look into an instance over SSH found; a part that could not be told is absent. */
export interface Inspection {
  readonly ssh: 'reachable' | 'unreachable' | 'not-tried'
  readonly nginx?: 'active' | 'inactive' | 'failed'
  readonly docker?: 'active' | 'inactive' | 'failed'
  readonly container?: 'running' | 'exited' | 'paused' | 'missing' | 'restarting'
  readonly time?: 'active' | 'inactive' | 'failed'
}

/** All that is known of one instance when its repair is decided. */
export interface Symptoms extends Inspection {
  readonly machine: 'running' | 'stopped'
  readonly health: TargetHealth
  readonly probe: ProbeResult
}

/** The smallest repair that may work and was not tried, or why there is none. */
export type RepairDecision =
  | { readonly do: 'none' }
  | { readonly do: 'repair'; readonly repair: Repair; readonly reason: string }
  | { readonly do: 'give up'; readonly reason: string }

/**
 * Decides the next repair of one instance after the ones in `tried`. What is visibly down comes first, then the ladder that
 * fits the symptom; each repair at most once, none larger than `maxRepair`.
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
    reason: larger ? `${reason}; it takes ${larger}, allowed is ${maxRepair}` : `${reason}; every repair was tried`,
  }
}

/** What is wrong with the instance, one line; `undefined` when nothing is. */
export function diagnose({ machine, health, probe, ...inside }: Symptoms): string | undefined {
  if (machine === 'stopped') return 'its machine is gone'
  const rejected = health === 'unhealthy' || health === 'unused'
  const isOpen = probe.undecided && inside.ssh !== 'unreachable' && partsDown(inside).length === 0
  if (probe.ok || isOpen) return rejected ? `answers, but the load balancer says ${health}` : undefined
  const symptom = probe.reason ?? 'our probe fails'
  if (inside.ssh === 'unreachable') return `${symptom}; unreachable over SSH`
  const down = partsDown(inside)
  return down.length > 0 ? `${symptom}; ${down.join(', ')}` : symptom
}

function candidates(symptoms: Symptoms): Repair[] {
  const { machine, probe, ssh, nginx, docker, container, time } = symptoms
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

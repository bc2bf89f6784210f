import type { Instance, InstanceState, TargetHealth } from '../lib/platform.ts'

/** What is wrong with a machine from its launch on. */
export interface Fault {
  /** Its machine stays pending for ever. */
  readonly neverBoots?: boolean
  /** Its service never answers. */
  readonly neverHealthy?: boolean
  /** The release that its service reports instead of its image's. */
  readonly wrongRelease?: string
  readonly wrongClock?: boolean
  /** Factor on its boot time. */
  readonly bootFactor?: number
  /** Factor on its response time. */
  readonly latencyFactor?: number
  /** Its service alternates between answering and not answering, for this long each. */
  readonly flapSeconds?: number
  /** Its machine ends by itself this long after launch. */
  readonly diesAfterSeconds?: number
  /** Its service stops answering this long after launch. */
  readonly failsAfterSeconds?: number
}

/** The parts of an instance that `heal` can repair. */
export interface Parts {
  nginx: 'active' | 'inactive' | 'failed'
  docker: 'active' | 'inactive' | 'failed'
  container: 'running' | 'exited' | 'paused' | 'missing'
  time: 'active' | 'inactive' | 'failed'
  ssh: 'reachable' | 'unreachable'
}

export interface Zone {
  readonly name: string
  /** Its network is down until then: its machines run, but neither answer nor are healthy. */
  goneUntilMs: number
}

/** Its state at any time follows from these facts. */
export interface Machine {
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly zone: Zone
  readonly launchedMs: number
  readonly bootSeconds: number
  readonly fault: Fault
  readonly parts: Parts
  /** What it got in place; absent: it serves what its image holds. */
  inPlace?: { readonly release: string; readonly content: string } | undefined
  /** What it served before that, under the name of its content. */
  kept?: { readonly content: string; readonly inPlace: Machine['inPlace'] } | undefined
  killed: boolean
  /** Protected from scale-in: only `terminate` ends it, not the platform. */
  isProtected: boolean
  /** It boots until this moment. */
  readyMs: number
  /** When it was registered at the load balancer; absent when it is not. */
  registeredMs?: number | undefined
  /** When its last request finishes; absent unless draining. */
  drainedMs?: number | undefined
}

/** How long the load balancer takes to call an instance healthy. */
export const healthCheckSeconds = 2

export function stateAt(machine: Machine, nowMs: number): InstanceState {
  const { diesAfterSeconds = Number.POSITIVE_INFINITY, neverBoots } = machine.fault
  if (machine.killed || nowMs >= machine.launchedMs + diesAfterSeconds * 1000) return 'stopped'
  return neverBoots || nowMs < machine.launchedMs + (machine.bootSeconds * 1000) / 2 ? 'pending' : 'running'
}

export function answersAt(machine: Machine, nowMs: number): boolean {
  const { neverHealthy, failsAfterSeconds = Number.POSITIVE_INFINITY } = machine.fault
  const { nginx, docker, container } = machine.parts
  const isUp = nowMs >= machine.readyMs && stateAt(machine, nowMs) === 'running' && nowMs >= machine.zone.goneUntilMs
  const isWhole = nginx === 'active' && docker === 'active' && container === 'running'
  const isOn = !neverHealthy && nowMs < machine.launchedMs + failsAfterSeconds * 1000
  return isUp && isWhole && isOn && !flapsAt(machine, nowMs)
}

function flapsAt({ fault, readyMs }: Machine, nowMs: number): boolean {
  return fault.flapSeconds !== undefined && Math.floor((nowMs - readyMs) / (fault.flapSeconds * 1000)) % 2 === 1
}

export function healthAt(machine: Machine, nowMs: number): TargetHealth {
  if (machine.drainedMs !== undefined) return nowMs < machine.drainedMs ? 'draining' : 'unused'
  if (machine.registeredMs === undefined) return 'unused'
  const checkedMs = Math.max(machine.registeredMs, machine.readyMs) + healthCheckSeconds * 1000
  if (nowMs < checkedMs) return 'initial'
  return answersAt(machine, nowMs) ? 'healthy' : 'unhealthy'
}

/** Does the machine receive requests and answer them, while the load balancer runs? */
export function servesAt(machine: Machine, nowMs: number): boolean {
  return healthAt(machine, nowMs) === 'healthy'
}

/** Are its answers right, and as fast as those of others? */
export function isRight({ fault, parts }: Machine): boolean {
  const isSlow = fault.latencyFactor !== undefined && fault.latencyFactor > 1
  return fault.wrongRelease === undefined && !fault.wrongClock && !isSlow && parts.time === 'active'
}

/** 18 to 24 ms, constant for one machine. */
export function latencyMs({ id, fault }: Machine): number {
  const spread = Number(id.replace(/\D/g, '')) % 7
  return (18 + spread) * (fault.latencyFactor ?? 1)
}

const views = new WeakMap<Machine, Instance>()

/** The machine as `Platform.group` returns it; the same object while nothing changes. */
export function asInstance(machine: Machine, nowMs: number, isBalanced: boolean): Instance {
  const state = stateAt(machine, nowMs)
  const health = state === 'stopped' || !isBalanced ? 'unused' : healthAt(machine, nowMs)
  const before = views.get(machine)
  if (before?.state === state && before.health === health) return before
  const view: Instance = {
    id: machine.id,
    imageId: machine.imageId,
    release: machine.release,
    state,
    health,
    url: `http://${machine.id}.simulated`,
    startedAt: new Date(machine.launchedMs).toISOString(),
    zone: machine.zone.name,
    ssh: { host: `${machine.id}.simulated`, port: 22, user: 'admin' },
  }
  views.set(machine, view)
  return view
}

import type { Instance, InstanceState, TargetHealth } from '../platforms/platform.ts'

/** What is wrong with a simulated machine from its launch on. */
export interface Fault {
  /** Its service never answers. */
  readonly neverHealthy?: boolean
  /** What its service says it is, instead of its image's release. */
  readonly wrongRelease?: string
  readonly wrongClock?: boolean
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

/** A machine in memory; its state at any time follows from these facts. */
export interface Machine {
  readonly id: string
  readonly imageId: string
  readonly release: string
  readonly launchedMs: number
  readonly bootSeconds: number
  readonly fault: Fault
  readonly parts: Parts
  killed: boolean
  /** Not answering before this moment: it boots. */
  readyMs: number
  /** Since when the load balancer knows it; absent when it does not. */
  registeredMs?: number | undefined
  /** When its last request is done; absent unless draining. */
  drainedMs?: number | undefined
}

/** How long the simulated load balancer takes to believe an instance. */
const healthCheckSeconds = 2

/** Is the machine there, and has it come up? */
export function stateAt(machine: Machine, nowMs: number): InstanceState {
  const { diesAfterSeconds = Number.POSITIVE_INFINITY } = machine.fault
  if (machine.killed || nowMs >= machine.launchedMs + diesAfterSeconds * 1000) return 'stopped'
  return nowMs < machine.launchedMs + (machine.bootSeconds * 1000) / 2 ? 'pending' : 'running'
}

/** Does the service answer requests? */
export function answersAt(machine: Machine, nowMs: number): boolean {
  const { neverHealthy, failsAfterSeconds = Number.POSITIVE_INFINITY } = machine.fault
  const { nginx, docker, container } = machine.parts
  const isUp = stateAt(machine, nowMs) === 'running' && nowMs >= machine.readyMs
  const isWhole = nginx === 'active' && docker === 'active' && container === 'running'
  return isUp && isWhole && !neverHealthy && nowMs < machine.launchedMs + failsAfterSeconds * 1000
}

/** What the load balancer says about the machine. */
export function healthAt(machine: Machine, nowMs: number): TargetHealth {
  if (machine.drainedMs !== undefined) return nowMs < machine.drainedMs ? 'draining' : 'unused'
  if (machine.registeredMs === undefined) return 'unused'
  const checkedMs = Math.max(machine.registeredMs, machine.readyMs) + healthCheckSeconds * 1000
  if (nowMs < checkedMs) return 'initial'
  return answersAt(machine, nowMs) ? 'healthy' : 'unhealthy'
}

/** The machine as `Platform.group` shows it. */
export function asInstance(machine: Machine, nowMs: number, isBalanced: boolean): Instance {
  const state = stateAt(machine, nowMs)
  return {
    id: machine.id,
    imageId: machine.imageId,
    release: machine.release,
    state,
    health: state === 'stopped' || !isBalanced ? 'unused' : healthAt(machine, nowMs),
    url: `http://${machine.id}.simulated`,
    startedAt: new Date(machine.launchedMs).toISOString(),
    ssh: { host: `${machine.id}.simulated`, port: 22, user: 'admin' },
  }
}

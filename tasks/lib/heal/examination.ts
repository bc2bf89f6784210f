import { OperatorError } from '../errors.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import type { Instance } from '../platform.ts'
import type { ProbeResult } from '../readiness.ts'
import type { Inspection, Symptoms } from './planner.ts'
import type { HealTask } from './task.ts'

export interface Examination {
  readonly instance: Instance
  readonly symptoms: Symptoms
}

/**
 * Waits up to `patienceMs`, or until its boot time is over, for the instance to be right from outside; if it is not,
 * inspects it over SSH.
 */
export async function examine(task: HealTask, id: string, patienceMs: number): Promise<Examination> {
  const { instance, probe } = await settle(task, id, task.clock.now() + patienceMs)
  const { state, health } = instance
  const isRight = probe.ok && health === 'healthy'
  const inspection: Inspection = isRight || state === 'stopped' ? { ssh: 'not-tried' } : await inspect(task, instance)
  return { instance, symptoms: { machine: state === 'stopped' ? 'stopped' : 'running', health, probe, ...inspection } }
}

async function look({ platform, probe }: HealTask, id: string): Promise<{ instance: Instance; probe: ProbeResult }> {
  const instance = (await platform.group())?.instances.find((one) => one.id === id)
  if (!instance)
    throw new OperatorError('failed', `instance ${id} was removed during the heal`, { hint: 'npm run heal' })
  if (instance.state === 'running') return { instance, probe: await probe(instance, instance.release) }
  return { instance, probe: { ok: false, reason: 'its machine is booting' } }
}

async function settle(task: HealTask, id: string, untilMs: number) {
  const { clock, policy, signal, pollMs = 1000 } = task
  while (true) {
    throwIfInterrupted('heal', signal)
    const seen = await look(task, id)
    const { state, health, startedAt } = seen.instance
    if (state === 'stopped' || (seen.probe.ok && health === 'healthy')) return seen
    const isComing = state === 'pending' || health === 'initial'
    const bootedMs = isComing ? Date.parse(startedAt) + policy.instanceTimeoutSeconds * 1000 : untilMs
    if (clock.now() >= Math.max(untilMs, bootedMs)) return seen
    await pause(clock, pollMs, 'heal', signal)
  }
}

async function inspect({ inspect, clock, policy, signal, pollMs = 1000 }: HealTask, instance: Instance) {
  const untilMs = clock.now() + policy.sshSeconds * 1000
  while (true) {
    throwIfInterrupted('heal', signal)
    const inspection = await inspect(instance)
    if (inspection.ssh !== 'unreachable' || clock.now() >= untilMs) return inspection
    await pause(clock, pollMs, 'heal', signal)
  }
}

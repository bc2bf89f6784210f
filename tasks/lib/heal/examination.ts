import { OperatorError } from '../errors.ts'
import { expectedReleases, hasInPlace, inPlaceOf, probeFor } from '../in-place.ts'
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
  const { instance, probe, lacking } = await settle(task, id, task.clock.now() + patienceMs)
  const { state, health } = instance
  const isRight = probe.ok && health === 'healthy'
  const inspection: Inspection = isRight || state === 'stopped' ? { ssh: 'not-tried' } : await inspect(task, instance)
  const machine = state === 'stopped' ? 'stopped' : 'running'
  return { instance, symptoms: { machine, health, probe, lacking, ...inspection } }
}

interface Seen {
  readonly instance: Instance
  readonly probe: ProbeResult
  readonly lacking?: string | undefined
}

async function look({ platform, probe }: HealTask, id: string): Promise<Seen> {
  const group = await platform.group()
  const instance = group?.instances.find((one) => one.id === id)
  if (!group || !instance)
    throw new OperatorError('failed', `instance ${id} was removed during the heal`, { hint: 'npm run heal' })
  if (instance.state !== 'running') return { instance, probe: { ok: false, reason: 'its machine is booting' } }
  const inPlace = inPlaceOf(group)
  // Whatever the record says, it works with its image's release, and only lacks the one in place.
  const wanted = [...new Set([...expectedReleases(group, instance), instance.release])]
  const { release, result } = await probeFor(probe, instance, wanted)
  const lacks = inPlace?.upTo !== undefined && (release !== inPlace.release || !hasInPlace(inPlace, instance))
  const lacking =
    lacks && instance.imageId === inPlace.imageId ? `serves ${release}, ${inPlace.release} is in place` : undefined
  return { instance, probe: result, lacking }
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

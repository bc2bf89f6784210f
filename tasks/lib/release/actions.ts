import { inTurns } from '../bounded.ts'
import { count } from '../count.ts'
import { OperatorError } from '../errors.ts'
import { recordedRelease } from '../in-place.ts'
import { throwIfInterrupted } from '../interruption.ts'
import type { Group, InPlace, Instance } from '../platform.ts'
import type { ReleaseStep } from './planner.ts'
import { finishedInPlace } from './record.ts'
import { type ReleaseRun, releaseName, replacedContent, watchHeld } from './run.ts'

/** Remembers a refusal that may pass; the planner decides how long to retry. Throws what will not pass. */
export function noteRefusal(run: ReleaseRun, error: unknown): void {
  if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
  if (error.isLasting || error.isOfBrokenGroup) throw error
  if (!run.refusal) run.task.progress.warn(`refused, trying again: ${error.message}`)
  run.refusal = { sinceMs: run.refusal?.sinceMs ?? run.task.clock.now(), reason: error.message }
}

/**
 * Carries out one step; deliveries are left to `deliverAll`. When the platform refuses it, warns once and returns
 * `false`: the rest waits for the next turn. Throws `failed` for `give up` and `stop`.
 */
export async function act(run: ReleaseRun, step: ReleaseStep, group: Group): Promise<boolean> {
  const { platform, progress, clock } = run.task
  try {
    switch (step.do) {
      case 'wait':
      case 'deliver':
      case 'put back':
        return true
      case 'drain':
        run.touched.add(step.instanceId)
        await platform.drain(step.instanceId)
        run.inHand.set(step.instanceId, { sinceMs: clock.now(), isDelivered: false })
        break
      case 'repair load balancer':
      case 'return':
        for (const mended of await platform.repairLoadBalancer()) progress.event(mended)
        break
      case 'accept':
        run.inHand.delete(step.instanceId)
        run.done.add(step.instanceId)
        if (!run.rollingBack) run.released.add(step.instanceId)
        break
      case 'roll back': {
        const record: InPlace = { ...run.record, rollingBack: true, reason: step.because }
        if (!run.isTopUp) await platform.updateGroup({ inPlace: record })
        beginRollback(run, record, group)
        break
      }
      case 'finish':
        if (!run.isTopUp || !run.rollingBack) await platform.updateGroup({ inPlace: inPlaceAtEnd(run, group) })
        break
      case 'give up':
        throw notPutBack(run, step.because, group)
      case 'stop':
        throw stopped(run, step.because)
    }
  } catch (error) {
    noteRefusal(run, error)
    return false
  }
  run.refusal = undefined
  // Putting instances behind the load balancer must show in what is seen, or it counts for nothing.
  if (step.do !== 'return' && step.do !== 'repair load balancer') run.lastStepMs = clock.now()
  return true
}

/** Instances that are prepared at once. */
const prepared = 10

/** Brings to all instances what can be there before any of them is drained: each serves nothing for a shorter time. */
export async function prepareAll(run: ReleaseRun, group: Group): Promise<void> {
  const { delivery, progress, signal } = run.task
  // A machine that reboots makes its container of the image of that name.
  const isOtherName = (one: Instance) => recordedRelease(group, one) !== run.record.release
  const due = group.instances.filter((one) => one.state === 'running' && !run.done.has(one.id) && isOtherName(one))
  if (run.rollingBack || due.length === 0) return
  await progress.step(`container image of ${run.record.release} to ${count(due.length, 'instance')}`, () =>
    inTurns(due, prepared, async (instance) => {
      try {
        await delivery.prepare(instance, replacedContent(run, instance))
      } catch (error) {
        // Its delivery will tell whether that matters.
        if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
      }
    }),
  )
  throwIfInterrupted(run.verb, signal)
}

/** The deliveries of a turn, side by side. Each settles before a failure is looked at: none goes on unseen. */
export async function deliverAll(run: ReleaseRun, steps: readonly ReleaseStep[], { instances }: Group): Promise<void> {
  const { delivery, clock, signal } = run.task
  const due = steps.flatMap((step) => {
    if (step.do !== 'deliver' && step.do !== 'put back') return []
    const instance = instances.find(({ id }) => id === step.instanceId)
    return instance ? [{ instance, change: step.do }] : []
  })
  if (due.length === 0) return
  const ends = await Promise.allSettled(
    due.map(async ({ instance, change }) => {
      const from = replacedContent(run, instance)
      try {
        await (change === 'deliver' ? delivery.deliver(instance, from) : delivery.putBack(instance, from))
        run.failures.delete(instance.id)
        run.inHand.set(instance.id, { sinceMs: clock.now(), isDelivered: true })
      } catch (error) {
        noteFailure(run, instance, error)
      }
    }),
  )
  throwIfInterrupted(run.verb, signal)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
  run.lastStepMs = clock.now()
  run.watch = watchHeld(run)
}

/** Rethrows interruptions and bugs. */
function noteFailure(run: ReleaseRun, { id }: Instance, error: unknown): void {
  if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
  const before = run.failures.get(id)
  if (!before) run.task.progress.warn(`${id}: ${error.message}`)
  run.failures.set(id, { sinceMs: before?.sinceMs ?? run.task.clock.now(), reason: error.message })
}

function inPlaceAtEnd({ rollingBack, record, done, imageContent }: ReleaseRun, group: Group): InPlace | null {
  return rollingBack ? (record.before ?? null) : finishedInPlace(record, group, done, imageContent)
}

/** Everything that this run, or a killed one, has touched gets back what it had; the rest needs nothing. */
function beginRollback(run: ReleaseRun, record: InPlace, group: Group): void {
  if (!run.isTopUp) run.record = record
  run.rollingBack = true
  run.reason = record.reason ?? ''
  for (const memory of [run.done, run.released, run.inHand, run.failures, run.lost]) memory.clear()
  for (const { id } of group.instances) if (!run.touched.has(id)) run.done.add(id)
  run.watch = watchHeld(run)
}

function notPutBack(run: ReleaseRun, because: string, group: Group): OperatorError {
  const name = releaseName(run, group)
  const message = `${run.record.release} failed (${run.reason}), and ${name} could not be put back: ${because}`
  return new OperatorError('failed', message, {
    hint: 'npm run status shows what serves; npm run release tries again to put it back; npm run roll -- --force replaces the instances',
    isLasting: true,
  })
}

function stopped({ verb, record }: ReleaseRun, because: string): OperatorError {
  return new OperatorError('failed', `${record.release} is not on every instance, which is not its fault: ${because}`, {
    hint: `npm run heal replaces what is dead; npm run ${verb} carries on`,
    isLasting: true,
  })
}

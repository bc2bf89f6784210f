import { OperatorError } from '../errors.ts'
import { throwIfInterrupted } from '../interruption.ts'
import type { Group, Instance } from '../platform.ts'
import type { ReleaseLog } from './log.ts'
import type { ReleaseStep } from './planner.ts'
import { finishedInPlace } from './record.ts'
import { type ReleaseRun, releaseName, replacedContent, watchHeld } from './run.ts'

/**
 * Carries out the steps of one turn: deliveries side by side, the rest in order. When the platform refuses one, warns
 * once, leaves it and the rest to the next turn, and returns `false`. Throws `failed` for `give up` and `stop`.
 */
export async function actTurn(
  run: ReleaseRun,
  steps: readonly ReleaseStep[],
  group: Group,
  log: ReleaseLog,
): Promise<boolean> {
  const deliveries = steps.filter((step) => step.do === 'deliver' || step.do === 'put back')
  for (const step of steps) {
    if (step.do === 'deliver' || step.do === 'put back') continue
    throwIfInterrupted(run.verb, run.task.signal)
    log.tell(run, step)
    try {
      await act(run, step, group)
    } catch (error) {
      noteRefusal(run, error)
      return false
    }
    if (step.do !== 'wait') noteSuccess(run, step)
  }
  if (deliveries.length === 0) return true
  for (const step of deliveries) log.tell(run, step)
  // Each settles before a failure of one is looked at: no delivery goes on unseen.
  const ends = await Promise.allSettled(deliveries.map((step) => deliver(run, step, group)))
  const failed = ends.find((end) => end.status === 'rejected')
  throwIfInterrupted(run.verb, run.task.signal)
  if (failed) throw failed.reason
  run.lastStepMs = run.task.clock.now()
  run.watch = watchHeld(run)
  return true
}

/** Remembers a refusal that may pass; the planner decides how long to retry. Throws what will not pass. */
export function noteRefusal(run: ReleaseRun, error: unknown): void {
  if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
  if (error.isLasting || error.isOfBrokenGroup) throw error
  if (!run.refusal) run.task.progress.warn(`refused, trying again: ${error.message}`)
  run.refusal = { sinceMs: run.refusal?.sinceMs ?? run.task.clock.now(), reason: error.message }
}

/** Putting instances behind the load balancer must show in what is seen, or it counts for nothing. */
function noteSuccess(run: ReleaseRun, step: ReleaseStep): void {
  run.refusal = undefined
  if (step.do !== 'return' && step.do !== 'repair load balancer') run.lastStepMs = run.task.clock.now()
}

async function act(run: ReleaseRun, step: ReleaseStep, group: Group): Promise<void> {
  const { platform, progress, clock } = run.task
  switch (step.do) {
    case 'drain':
      run.touched.add(step.instanceId)
      await platform.drain(step.instanceId)
      run.inHand.set(step.instanceId, { sinceMs: clock.now(), isDelivered: false })
      return
    case 'repair load balancer':
    case 'return':
      for (const mended of await platform.repairLoadBalancer()) progress.event(mended)
      return
    case 'accept':
      run.inHand.delete(step.instanceId)
      run.done.add(step.instanceId)
      if (!run.rollingBack) run.released.add(step.instanceId)
      return
    case 'roll back':
      return rollBack(run, step.because, group)
    case 'finish':
      return finish(run, group)
    case 'give up':
      throw notPutBack(run, step.because, group)
    case 'stop':
      throw stopped(run, step.because)
  }
}

async function deliver(run: ReleaseRun, step: ReleaseStep, { instances }: Group): Promise<void> {
  const { delivery, clock } = run.task
  const instance = instances.find((one) => 'instanceId' in step && one.id === step.instanceId)
  if (!instance) return
  try {
    const from = replacedContent(run, instance)
    await (step.do === 'deliver' ? delivery.deliver(instance, from) : delivery.putBack(instance, from))
    run.failures.delete(instance.id)
    run.inHand.set(instance.id, { sinceMs: clock.now(), isDelivered: true })
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
    noteFailure(run, instance, error)
  }
}

function noteFailure(run: ReleaseRun, { id }: Instance, { message }: OperatorError): void {
  const before = run.failures.get(id)
  if (!before) run.task.progress.warn(`${id}: ${message}`)
  run.failures.set(id, { sinceMs: before?.sinceMs ?? run.task.clock.now(), reason: message })
}

/** Everything that this run, or a killed one, has touched gets back what it had; the rest needs nothing. */
async function rollBack(run: ReleaseRun, reason: string, group: Group): Promise<void> {
  const { platform } = run.task
  if (!run.isTopUp) {
    run.record = { ...run.record, rollingBack: true, reason }
    await platform.updateGroup({ inPlace: run.record })
  }
  run.rollingBack = true
  run.reason = reason
  for (const memory of [run.done, run.released, run.inHand, run.failures, run.lost]) memory.clear()
  for (const { id } of group.instances) if (!run.touched.has(id)) run.done.add(id)
  run.watch = watchHeld(run)
}

async function finish(run: ReleaseRun, group: Group): Promise<void> {
  const { platform } = run.task
  if (run.isTopUp && run.rollingBack) return
  if (run.rollingBack) return platform.updateGroup({ inPlace: run.record.before ?? null })
  return platform.updateGroup({ inPlace: finishedInPlace(run.record, group, run.done, run.imageContent) })
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

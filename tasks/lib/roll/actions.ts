import { OperatorError } from '../errors.ts'
import { throwIfInterrupted } from '../interruption.ts'
import type { Group, GroupChange, RollRecord } from '../platform.ts'
import { isOlderThan, targetImageId } from './fleet.ts'
import { mustStay, runHooks } from './hook-runs.ts'
import { rolledBack } from './record.ts'
import type { RollRun } from './run.ts'
import type { Step } from './snapshot.ts'

/**
 * Carries out the steps of one turn, in order. When the platform refuses one, warns once, leaves it and the rest to the
 * next turn, and returns `false`. Throws `failed` for `give up` and `stop`, and what retrying cannot fix.
 */
export async function actTurn(
  run: RollRun,
  steps: readonly Step[],
  group: Group,
  record: RollRecord,
): Promise<boolean> {
  await runHooks(run, steps, group)
  for (const step of steps) {
    throwIfInterrupted('roll', run.task.signal)
    const what = step.do === 'launch' ? 'launch' : 'other'
    const isDone = await act(run, step, group, record).catch((error: unknown) => {
      noteRefusal(run, what, error)
      return false
    })
    if (!isDone) {
      run.refusedSteps.add(inWords(step))
      return false
    }
    if (step.do === 'wait') continue
    run.refusals = { ...run.refusals, [what]: undefined }
    run.refusedSteps.clear()
  }
  return true
}

/** Remembers a refusal that may pass; the planner decides how long to retry. Throws what will not pass. */
export function noteRefusal(run: RollRun, what: 'launch' | 'other', error: unknown): void {
  if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
  if (error.isLasting || error.isOfBrokenGroup) throw error
  const before = run.refusals[what]
  if (!before)
    run.task.progress.warn(`${what === 'launch' ? 'launch failed' : 'refused'}, trying again: ${error.message}`)
  const sinceMs = before?.sinceMs ?? run.task.clock.now()
  run.refusals = { ...run.refusals, [what]: { sinceMs, reason: error.message } }
}

async function act(run: RollRun, step: Step, group: Group, record: RollRecord): Promise<boolean> {
  const { platform, progress, clock } = run.task
  tell(run, step)
  switch (step.do) {
    case 'wait':
    case 'accept':
      return true
    case 'repair load balancer':
      await platform.repairLoadBalancer()
      return true
    case 'set image':
      run.imageChanges += 1
      await platform.updateGroup({ imageId: targetImageId(record) })
      return true
    case 'launch':
      progress.event(`launched ${(await platform.launch(step.count)).join(', ')}`)
      return true
    case 'drain':
      await platform.drain(step.instanceId)
      return true
    case 'terminate':
      if (mustStay(run, step.instanceId, group)) return false
      await platform.terminate(step.instanceId)
      return true
    case 'replace':
      await platform.updateGroup({ roll: { ...record, setbacks: step.setbacks } })
      run.condemned.add(step.instanceId)
      return true
    case 'roll back':
      await platform.updateGroup(rollbackChange(record, step.because))
      forget(run)
      for (const mended of await platform.repairLoadBalancer()) progress.event(mended)
      return true
    case 'hold':
      run.heldSinceMs = clock.now()
      return true
    case 'pass':
    case 'pause':
      await platform.updateGroup({ roll: { ...record, passed: step.at } })
      run.heldSinceMs = undefined
      return true
    case 'finish':
      await platform.updateGroup(lastChange(group, record))
      return true
    case 'give up':
      throw rollbackFailed(
        record,
        step.because,
        await platform.updateGroup(anew(group, record)).then(
          () => true,
          (error: unknown) => leaveUnwritten(run, error),
        ),
      )
    case 'stop':
      throw stopped(record, step.because)
  }
}

/** How long a roll that gave up retries to record that: time for somebody who was warned to empty a disk. */
const recordPatienceMs = 600_000

/** Resets the failure budget for the next run; instances left over from this one do not count against it. */
function anew(group: Group, record: RollRecord): GroupChange {
  return { roll: { ...record, setbacks: -launchedBack(group, record) } }
}

/** Rethrows a failed write for ten minutes, then gives up and returns `false`. */
function leaveUnwritten({ task, refusals }: RollRun, error: unknown): false {
  const refusedMs = task.clock.now() - (refusals.other?.sinceMs ?? task.clock.now())
  if (refusedMs <= recordPatienceMs) throw error
  return false
}

function rollbackChange(record: RollRecord, reason: string): GroupChange {
  const roll = rolledBack(record, reason)
  return { imageId: targetImageId(roll), roll }
}

/** What this run learnt before the rollback does not apply to it. */
function forget(run: RollRun): void {
  Object.assign(run, { phaseStartedMs: run.task.clock.now(), refusals: {}, heldSinceMs: undefined })
  run.hookFailures.clear()
  run.condemned.clear()
  run.rejected.clear()
}

/** A roll that succeeds ends what was in place; after a rollback the instances that stayed still have it. */
function lastChange(group: Group, record: RollRecord): GroupChange {
  const servedBefore = record.rollingBack ? group.previousImageId : record.previousImageId
  const isOther = servedBefore !== undefined && servedBefore !== targetImageId(record)
  return {
    roll: null,
    ...(isOther ? { previousImageId: servedBefore } : {}),
    ...(group.inPlace && !record.rollingBack ? { inPlace: null } : {}),
  }
}

/** Instances of the target image launched since the roll began. */
function launchedBack({ instances }: Group, record: RollRecord): number {
  return instances.filter((one) => one.imageId === targetImageId(record) && !isOlderThan(record, one)).length
}

function rollbackFailed(record: RollRecord, reason: string, isWritten: boolean): OperatorError {
  const again = isWritten ? '' : " (the first retry may fail at once: the group's record could not be written)"
  const message = `roll to ${record.imageId} failed (${record.reason}), and so did the rollback to ${record.previousImageId}: ${reason}`
  return new OperatorError('failed', message, {
    hint: `npm run status shows what serves; npm run roll retries the rollback${again}; npm run roll -- --image ID rolls to another image`,
    isLasting: true,
  })
}

function stopped(record: RollRecord, reason: string): OperatorError {
  return new OperatorError('failed', `roll to ${record.imageId} stopped, which is not the image's fault: ${reason}`, {
    hint: 'what serves keeps serving; npm run roll carries on, npm run rollback goes back',
    isLasting: true,
  })
}

/** Reports a step to the user and to the event log. */
function tell({ task, refusedSteps }: RollRun, step: Step): void {
  const { because, do: name } = step
  if (name === 'wait' || refusedSteps.has(inWords(step))) return
  task.onEvent?.({
    at: new Date(task.clock.now()).toISOString(),
    event: 'step',
    step: name,
    because,
    ...('instanceId' in step ? { instanceId: step.instanceId } : {}),
    ...('count' in step ? { count: step.count } : {}),
  })
  if (name !== 'finish') task.progress.event(inWords(step))
}

function inWords(step: Step): string {
  if (step.do === 'launch') return `launch ${step.count}: ${step.because}`
  if ('instanceId' in step) return `${step.do} ${step.instanceId}: ${step.because}`
  return `${step.do}: ${step.because}`
}

import type { Group, RollRecord } from '../../platforms/platform.ts'
import { OperatorError } from '../errors.ts'
import { targetImageId } from './fleet.ts'
import type { RollHooks } from './hooks.ts'
import type { Step } from './planner.ts'
import { turnedRound } from './record.ts'
import type { RollTask } from './roll.ts'

/** What a run of a roll remembers beside what it sees; all of it may be lost with the run. */
export interface RollRun {
  readonly task: RollTask
  phaseStartedMs: number
  launchFailure: { readonly sinceMs: number; readonly reason: string } | undefined
}

/** Carries one step out. Throws `failed` for `give up`. */
export async function act(run: RollRun, step: Step, group: Group, record: RollRecord): Promise<void> {
  const { platform, progress, hooks } = run.task
  if (step.do === 'wait') return
  if (step.do !== 'finish') progress.event(inWords(step))
  switch (step.do) {
    case 'repair load balancer':
      await platform.repairLoadBalancer()
      return
    case 'launch':
      return launch(run, step.count)
    case 'drain':
      return platform.drain(step.instanceId)
    case 'terminate':
      await beforeEnd(group, step.instanceId, hooks)
      return platform.terminate(step.instanceId)
    case 'turn round':
      return turnRound(run, record, step.because)
    case 'finish':
      return finish(run, group, record)
    case 'give up':
      throw wayBackFailed(record, step.because)
  }
}

async function beforeEnd({ instances }: Group, id: string, hooks: RollHooks = {}): Promise<void> {
  const leaving = instances.find((instance) => instance.id === id)
  if (leaving?.state === 'running') await hooks.beforeTerminate?.(leaving)
}

/** A platform that has no room right now may have some later; the planner decides how long to try. */
async function launch(run: RollRun, count: number): Promise<void> {
  const { platform, progress, clock } = run.task
  try {
    const ids = await platform.launch(count)
    run.launchFailure = undefined
    progress.event(`launched ${ids.join(', ')}`)
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted' || error.isLasting) throw error
    if (!run.launchFailure) progress.warn(`launch failed, trying again: ${error.message}`)
    run.launchFailure = { sinceMs: run.launchFailure?.sinceMs ?? clock.now(), reason: error.message }
  }
}

async function turnRound(run: RollRun, record: RollRecord, reason: string): Promise<void> {
  const { platform, progress, clock } = run.task
  const back = turnedRound(record, reason)
  await platform.updateGroup({ imageId: targetImageId(back), roll: back })
  for (const mended of await platform.repairLoadBalancer()) progress.event(mended)
  run.phaseStartedMs = clock.now()
  run.launchFailure = undefined
}

async function finish({ task }: RollRun, group: Group, record: RollRecord): Promise<void> {
  const servedBefore = record.rollingBack ? group.previousImageId : record.previousImageId
  const isOther = servedBefore !== undefined && servedBefore !== targetImageId(record)
  await task.platform.updateGroup(isOther ? { previousImageId: servedBefore, roll: null } : { roll: null })
}

function wayBackFailed(record: RollRecord, reason: string): OperatorError {
  const message = `roll to ${record.imageId} failed (${record.reason}), and so did the way back to ${record.previousImageId}: ${reason}`
  return new OperatorError('failed', message, {
    hint: 'npm run status shows what serves; npm run roll tries the way back again, npm run roll -- --image ID goes elsewhere',
  })
}

function inWords(step: Step): string {
  if (step.do === 'launch') return `launch ${step.count}: ${step.because}`
  if (step.do === 'drain' || step.do === 'terminate') return `${step.do} ${step.instanceId}: ${step.because}`
  return `${step.do}: ${step.because}`
}

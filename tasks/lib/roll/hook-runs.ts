import { inTurns } from '../bounded.ts'
import { OperatorError } from '../errors.ts'
import type { Group, Instance } from '../platform.ts'
import type { RollRun } from './run.ts'
import type { Step } from './snapshot.ts'

const hooksAtOnce = 10
/** Rest before a failed `beforeTerminate` hook is tried again. */
const restMs = 10_000

/** Runs the hooks due for the steps of one turn. Failures are recorded for the planner; interruptions are thrown. */
export async function runHooks(run: RollRun, steps: readonly Step[], { instances }: Group): Promise<void> {
  const { afterAccept, beforeTerminate } = run.task.hooks ?? {}
  const byId = new Map(instances.map((one) => [one.id, one]))
  const of = (name: Step['do']) =>
    steps.flatMap((step) => (step.do === name && 'instanceId' in step ? (byId.get(step.instanceId) ?? []) : []))
  if (afterAccept) await inTurns(of('accept'), hooksAtOnce, (one) => accept(run, one, afterAccept))
  if (!beforeTerminate || run.task.clock.now() < run.hookRestsUntilMs) return
  const leaving = of('terminate').filter(({ id, state }) => state === 'running' && !run.released.has(id))
  await inTurns(leaving, hooksAtOnce, (one) => release(run, one, beforeTerminate))
}

/** Whether the instance still runs and its `beforeTerminate` hook is not done. */
export function mustStay(run: RollRun, id: string, { instances }: Group): boolean {
  const isRunning = instances.some((one) => one.id === id && one.state === 'running')
  return run.task.hooks?.beforeTerminate !== undefined && isRunning && !run.released.has(id)
}

async function accept(run: RollRun, instance: Instance, hook: (instance: Instance) => Promise<void>): Promise<void> {
  const failure = await failureOf(hook, instance)
  if (failure === undefined) run.accepted?.add(instance.id)
  else run.rejected.set(instance.id, failure)
}

async function release(run: RollRun, instance: Instance, hook: (instance: Instance) => Promise<void>): Promise<void> {
  const reason = await failureOf(hook, instance)
  if (reason === undefined) {
    run.released.add(instance.id)
    run.hookFailures.delete(instance.id)
    return
  }
  run.task.progress.warn(reason)
  run.hookFailures.set(instance.id, { times: (run.hookFailures.get(instance.id)?.times ?? 0) + 1, reason })
  run.hookRestsUntilMs = run.task.clock.now() + restMs
}

async function failureOf(hook: (instance: Instance) => Promise<void>, instance: Instance): Promise<string | undefined> {
  try {
    await hook(instance)
    return undefined
  } catch (error) {
    if (error instanceof OperatorError && error.kind !== 'interrupted') return error.message
    throw error
  }
}

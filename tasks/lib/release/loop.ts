import { inTurns } from '../bounded.ts'
import { OperatorError } from '../errors.ts'
import { instanceLines, type Observation } from '../group-watch.ts'
import { probeFor } from '../in-place.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import type { Group } from '../platform.ts'
import { isServing } from '../readiness.ts'
import { act, deliverAll, noteRefusal, prepareAll } from './actions.ts'
import type { ReleaseLog } from './log.ts'
import { nextSteps } from './planner.ts'
import { noteSeen, type ReleaseRun, snapshotOf, wantedReleases } from './run.ts'

/** Brings the run of the group `first` to its end: prepares, looks, decides, acts and waits. Returns the group as last seen. */
export async function carryOut(run: ReleaseRun, log: ReleaseLog, first: Group): Promise<Group> {
  const { clock, progress, signal, pollMs = 1000, policy } = run.task
  await prepareAll(run, first)
  while (true) {
    throwIfInterrupted(run.verb, signal)
    const seen = await lookOrRefuse(run)
    if (seen) {
      noteSeen(run, seen)
      log.look(run, seen)
      progress.live(instanceLines(seen))
      const steps = nextSteps(snapshotOf(run, seen), policy)
      let isDone = true
      for (const step of steps) {
        throwIfInterrupted(run.verb, signal)
        log.tell(run, step)
        isDone = await act(run, step, seen.group)
        if (!isDone) break
      }
      if (isDone) await deliverAll(run, steps, seen.group)
      throwIfInterrupted(run.verb, signal)
      if (isDone && steps.at(-1)?.do === 'finish') return seen.group
      // A decision that can be acted on at once; the others need time to show.
      if (isDone && steps.every((step) => step.do === 'accept' || step.do === 'roll back')) continue
    }
    await pause(clock, pollMs, run.verb, signal)
  }
}

/**
 * Finds out what a killed run has done, from what each instance answers. Where both releases have one name that cannot
 * be told, and every instance gets it again.
 */
export async function recognise(run: ReleaseRun, { instances }: Group): Promise<void> {
  const { record, rollingBack } = run
  await inTurns(instances, 50, async (one) => {
    const wanted = wantedReleases(run, one)
    const others = wantedReleases({ record, rollingBack: !rollingBack }, one)
    const isToldApart = !wanted.some((name) => others.includes(name))
    const isUp = isToldApart && isServing(one)
    const answer = isUp ? await probeFor(run.task.probe, one, [...wanted, ...others]) : undefined
    const serves = answer?.result.ok ? answer.release : undefined
    const isDone = serves !== undefined && wanted.includes(serves)
    if (isDone) run.done.add(one.id)
    if (isDone && !rollingBack) run.released.add(one.id)
    if (serves === undefined || isDone !== rollingBack) run.touched.add(one.id)
  })
}

/** A failing look is retried for a while, like everything else. */
async function lookOrRefuse(run: ReleaseRun): Promise<Observation | undefined> {
  const { clock, policy } = run.task
  try {
    const seen = await run.watch.look()
    if (seen) return seen
  } catch (error) {
    noteRefusal(run, error)
    const { sinceMs, reason } = run.refusal ?? { sinceMs: 0, reason: '' }
    if (clock.now() - sinceMs <= policy.instanceTimeoutSeconds * 1000) return undefined
    throw new OperatorError('failed', `the group cannot be read: ${reason}`, {
      hint: `npm run ${run.verb} carries on`,
      cause: error,
    })
  }
  throw new OperatorError('failed', `the group was removed during the ${run.verb}`)
}

import { OperatorError } from '../errors.ts'
import { type GroupWatch, instanceLines, type Observation, watchGroup } from '../group-watch.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import type { Group, Instance, RollRecord } from '../platform.ts'
import { actTurn, noteRefusal } from './actions.ts'
import type { EventLog } from './event-log.ts'
import { isOlderThan, targetImageId } from './fleet.ts'
import { nextSteps } from './planner.ts'
import { chooseProbes } from './probing.ts'
import { countOutdated } from './record.ts'
import type { RollRun } from './run.ts'
import type { RollTask } from './task.ts'

/** `group` is as last seen. */
export interface Finished {
  readonly outcome: 'rolled' | 'rolled-back' | 'paused'
  readonly group: Group
  readonly reason?: string | undefined
}

/** Begins or resumes the roll in `record`: looks, decides, acts and waits until it is finished or pauses. */
export async function carryOut(run: RollRun, before: Group, record: RollRecord, eventLog: EventLog): Promise<Finished> {
  const { policy, clock, progress, signal, pollMs = 1000 } = run.task
  await begin(run, before, record)
  const watch = watchRoll(run.task)
  while (true) {
    throwIfInterrupted('roll', signal)
    const seen = await lookOrRefuse(run, watch)
    if (seen) {
      const record = seen.group.roll
      if (!record) throw new OperatorError('failed', "the group's record of the roll was removed during the roll")
      eventLog.look(seen, record)
      const steps = nextSteps({ ...seen, ...run, record }, policy)
      progress.live(instanceLines(seen))
      const isDone = await actTurn(run, steps, seen.group, record)
      throwIfInterrupted('roll', signal)
      const last = isDone ? steps.at(-1)?.do : undefined
      if (last === 'pause') return { outcome: 'paused', group: seen.group }
      if (last === 'finish') {
        return { outcome: record.rollingBack ? 'rolled-back' : 'rolled', group: seen.group, reason: record.reason }
      }
    }
    await pause(clock, pollMs, 'roll', signal)
  }
}

async function begin(run: RollRun, before: Group, record: RollRecord): Promise<void> {
  const { platform, progress } = run.task
  if (record !== before.roll) await platform.updateGroup({ imageId: targetImageId(record), roll: record })
  progress.event(openingLine(before, record))
  // A load balancer that cannot be repaired now may be later, and the roll goes by what it sees.
  const mended = await platform.repairLoadBalancer().catch((error: unknown) => noteRefusal(run, 'other', error))
  for (const line of mended ?? []) progress.event(line)
}

function watchRoll({ platform, probe, clock, probesNeeded = 2 }: RollTask): GroupWatch {
  // New instances are measured against those from before the roll.
  const isMeasure = (one: Instance, group: Group) => group.roll !== undefined && isOlderThan(group.roll, one)
  return watchGroup({ platform, probe, clock }, { probesNeeded, choose: chooseProbes, isMeasure })
}

/** A failing look is retried for a while, like everything else. */
async function lookOrRefuse(run: RollRun, watch: GroupWatch): Promise<Observation | undefined> {
  try {
    const seen = await watch.look()
    if (seen) return seen
  } catch (error) {
    noteRefusal(run, 'other', error)
    const { sinceMs, reason } = run.refusals.other ?? { sinceMs: 0, reason: '' }
    const { clock, policy } = run.task
    if (clock.now() - sinceMs <= policy.instanceTimeoutSeconds * 1000) return undefined
    throw new OperatorError('failed', `the group cannot be read: ${reason}`, {
      hint: 'npm run roll carries on',
      cause: error,
    })
  }
  throw new OperatorError('failed', 'the group was removed during the roll')
}

function openingLine(group: Group, record: RollRecord): string {
  if (record === group.roll) return `carrying on the roll to ${record.imageId}, begun ${record.startedAt}`
  return `rolling ${countOutdated(group, record)} of ${group.instances.length} instances to ${record.imageId}`
}

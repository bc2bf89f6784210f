import type { Observation } from '../group-watch.ts'
import { recordedRelease } from '../in-place.ts'
import type { Group, Instance, RollRecord } from '../platform.ts'
import { openEventLog } from '../roll/event-log.ts'
import type { RollEnd } from '../roll/events.ts'
import { plainPolicy, type RollPolicy } from '../roll/policy.ts'
import type { ReleaseStep } from './planner.ts'
import { type ReleaseRun, releaseName } from './run.ts'

/** Reports a release as the event log of a roll does, with releases in the place of images. */
export interface ReleaseLog {
  began(run: ReleaseRun, group: Group, resumed: boolean): void
  look(run: ReleaseRun, seen: Observation): void
  /** To the user and to the event log; a step that is repeated, once. */
  tell(run: ReleaseRun, step: ReleaseStep): void
  ended(run: ReleaseRun, outcome: RollEnd, seconds: number): void
}

export function openReleaseLog({ task }: Pick<ReleaseRun, 'task'>): ReleaseLog {
  const { policy, clock, onEvent, progress } = task
  const asRoll: RollPolicy = { ...plainPolicy, ...policy, surge: 0, timeoutSeconds: policy.instanceTimeoutSeconds }
  const eventLog = openEventLog(onEvent, asRoll, () => clock.now())
  let last = ''
  return {
    began(run, group, resumed) {
      const { name, size } = group
      const [first] = group.instances
      const previousImageId = first ? recordedRelease(group, first) : 'nothing'
      eventLog.tell({
        event: 'began',
        group: name,
        imageId: run.record.release,
        previousImageId,
        size,
        policy: asRoll,
        resumed,
        inPlace: true,
      })
    },
    look(run, seen) {
      const instances = seen.group.instances.map((one): Instance => {
        const release = run.released.has(one.id) ? run.record.release : recordedRelease(seen.group, one)
        return { ...one, imageId: release, release }
      })
      const record = { imageId: releaseName(run, seen.group), rollingBack: false } as RollRecord
      eventLog.look({ ...seen, group: { ...seen.group, instances } }, record)
    },
    tell(_, step) {
      const words = inWords(step)
      if (step.do === 'wait' || step.do === 'accept' || words === last) return
      last = words
      const { do: name, because } = step
      eventLog.tell({
        event: 'step',
        step: name,
        because,
        ...('instanceId' in step ? { instanceId: step.instanceId } : {}),
      })
      if (name !== 'finish') progress.event(words)
    },
    ended({ record, released, reason, rollingBack }, outcome, seconds) {
      const imageId = rollingBack ? (record.before?.release ?? '') : record.release
      const why = reason === undefined ? {} : { reason }
      eventLog.tell({ event: 'ended', outcome, imageId, replaced: released.size, seconds, ...why })
    },
  }
}

export function inWords(step: ReleaseStep): string {
  return `${step.do}${'instanceId' in step ? ` ${step.instanceId}` : ''}: ${step.because}`
}

import { secondsSince } from '../clock.ts'
import { count } from '../count.ts'
import { OperatorError } from '../errors.ts'
import { pause, throwIfInterrupted } from '../interruption.ts'
import { rolledBack } from '../roll/record.ts'
import type { RollTask } from '../roll/task.ts'
import { goesForward, hasEnded, isOf, type RefreshRecord } from './planner.ts'
import type { Refresh, RefreshState } from './port.ts'

/** An ended refresh, and the final record of its roll. */
export interface Followed {
  readonly state: RefreshState
  readonly record: RefreshRecord
}

/**
 * Follows a refresh to its end; rolls it back when it exceeds the policy's time limit. Throws `interrupted` when the
 * operator stops following, and `failed` when the rollback takes too long too; the refresh itself continues either way.
 */
export async function followRefresh(task: RollTask, refresh: Refresh, begun: RefreshRecord): Promise<Followed> {
  const { clock, policy, progress, signal, pollMs = 5000 } = task
  let record = begun
  let phaseStartedMs = clock.now()
  let last: RefreshState | undefined
  try {
    while (true) {
      throwIfInterrupted('roll', signal)
      const state = await refresh.look()
      if (isOf(record, state)) {
        for (const line of changes(last, state)) progress.event(line)
        progress.live([refreshLine(state), ...(state.reason === undefined ? [] : [state.reason])])
        if (hasEnded(state)) return { state, record }
        last = state
      }
      const seconds = secondsSince(phaseStartedMs, clock.now())
      if (seconds > policy.timeoutSeconds) {
        record = await rollBack({ task, refresh, record, state: last }, `not finished after ${seconds} s`)
        phaseStartedMs = clock.now()
      }
      await pause(clock, pollMs, 'roll', signal)
    }
  } catch (error) {
    throw goesOn(error, record)
  }
}

/** Lines to print when a refresh has changed: its state, and the checkpoints it has reached. */
export function changes(before: RefreshState | undefined, now: RefreshState): string[] {
  const line = refreshLine(now)
  if (before && refreshLine(before) === line) return []
  const hasTurned = now.status !== before?.status && !goesForward(now)
  const reached = now.checkpoints.filter(
    (at) => at < 100 && goesForward(now) && now.percentageComplete >= at && (before?.percentageComplete ?? 0) < at,
  )
  const wait = reached.map((at) => `checkpoint of ${at} % reached: waiting ${now.checkpointDelaySeconds} s`)
  return [hasTurned && now.reason !== undefined ? `${line}: ${now.reason}` : line, ...wait]
}

function refreshLine({ status, percentageComplete, instancesToUpdate }: RefreshState): string {
  const left = instancesToUpdate === undefined ? '' : `, ${count(instancesToUpdate, 'instance')} left`
  const lines: Record<RefreshState['status'], string> = {
    Pending: 'instance refresh is pending',
    InProgress: `instance refresh: ${percentageComplete} %${left}`,
    Baking: 'instance refresh: all replaced, being watched',
    Cancelling: 'instance refresh is being cancelled',
    RollbackInProgress: `instance refresh rolls back: ${percentageComplete} % left to undo`,
    Successful: 'instance refresh: done',
    Failed: 'instance refresh failed',
    Cancelled: 'instance refresh was cancelled',
    RollbackFailed: 'instance refresh could not roll back',
    RollbackSuccessful: 'instance refresh rolled back',
  }
  return lines[status]
}

interface Following {
  readonly task: RollTask
  readonly refresh: Refresh
  readonly record: RefreshRecord
  readonly state: RefreshState | undefined
}

async function rollBack({ task, refresh, record, state }: Following, reason: string): Promise<RefreshRecord> {
  const { platform, progress } = task
  if (!state) throw new OperatorError('failed', `the instance refresh never appeared: ${reason}`)
  if (!goesForward(state)) throw new OperatorError('failed', `the rollback is ${reason}: ${refreshLine(state)}`)
  progress.event(`roll back: ${reason}`)
  const back = rolledBack(record, reason)
  await platform.updateGroup({ roll: back })
  await refresh.rollBack()
  return back
}

/** The refresh continues on the platform, whatever ended the following: the operator must know. */
function goesOn(error: unknown, { imageId }: RefreshRecord): unknown {
  if (!(error instanceof OperatorError)) return error
  const commands = 'npm run roll -- --engine refresh follows it, npm run rollback -- --engine refresh rolls it back'
  if (error.kind === 'interrupted') {
    return new OperatorError('interrupted', `no longer following the instance refresh to ${imageId}, which continues`, {
      hint: commands,
      cause: error,
    })
  }
  const hint = [...(error.hint === undefined ? [] : [error.hint]), `the instance refresh continues: ${commands}`].join(
    '; ',
  )
  return new OperatorError('failed', error.message, { hint, cause: error.cause ?? error })
}

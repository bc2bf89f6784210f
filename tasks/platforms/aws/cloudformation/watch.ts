import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../../lib/errors.ts'
import type { Progress } from '../../../lib/progress.ts'
import type { Aws } from '../clients.ts'
import { eventsAfter, type ResourceEvent } from './events.ts'
import { awaitedRecords, eventLine, liveLines, unfinished } from './progress.ts'
import { isAtRest } from './states.ts'

export interface Watch {
  /** The name for messages, and the id, which finds a deleted stack too. */
  readonly stack: { readonly name: string; readonly id: string }
  /** The newest event before the operation began. */
  readonly afterId: string | undefined
  /** The operator's verb, for the message of an interruption. */
  readonly verb: string
  readonly progress?: Progress | undefined
  readonly signal?: AbortSignal | undefined
  /** Default: 3600. */
  readonly timeoutSeconds?: number | undefined
  /** Pauses between polls: the first and the longest. Default: 100 and 2000. */
  readonly pollMs?: readonly [first: number, longest: number] | undefined
  /** Called at the first failed resource, while its state can still be read. */
  readonly onFailure?: (events: readonly ResourceEvent[]) => void
  /**
   * Called while there is no event yet. Returns the final status when the operation ended without an event; throws when
   * it will never begin.
   */
  readonly whileSilent?: () => Promise<string | undefined>
}

export interface Ended {
  readonly status: string
  readonly reason: string
  /** All events of the operation, oldest first. */
  readonly events: readonly ResourceEvent[]
}

/**
 * Waits for an operation to end and reports its events. Throws `interrupted` when the operator stops the waiting,
 * `failed` on timeout; the operation continues in both cases, and both messages say so.
 */
export async function watchOperation(aws: Aws, watch: Watch): Promise<Ended> {
  const deadline = Date.now() + (watch.timeoutSeconds ?? 3600) * 1000
  const [first, longest] = watch.pollMs ?? [100, 2000]
  const seen = observer(watch)
  try {
    for (let pauseMs = first, afterId = watch.afterId; ; pauseMs = Math.min(longest, pauseMs * 1.6)) {
      if (watch.signal?.aborted) throw interrupted(watch)
      const news = await eventsAfter(aws, watch.stack.id, afterId)
      afterId = news.at(-1)?.id ?? afterId
      const ended = seen.tell(news)
      if (ended) return ended
      if (Date.now() > deadline) throw tooLate(watch, seen.events)
      const status = seen.events.length === 0 && pauseMs >= longest ? await watch.whileSilent?.() : undefined
      if (status !== undefined) return { status, reason: '', events: [] }
      await sleep(pauseMs, undefined, watch.signal ? { signal: watch.signal } : {}).catch(() => undefined)
    }
  } finally {
    watch.progress?.live([])
  }
}

/** Collects the events and reports each once. */
function observer({ progress, onFailure, stack }: Watch) {
  const events: ResourceEvent[] = []
  const seenAtMs = new Map<string, number>()
  let isFailing = false
  return {
    events,
    tell(news: readonly ResourceEvent[]): Ended | undefined {
      for (const one of news) {
        events.push(one)
        seenAtMs.set(one.id, performance.now())
        const line = eventLine(one)
        if (line !== undefined) progress?.event(line)
        if (one.isOfStack && /ROLLBACK_IN_PROGRESS$/.test(one.status)) {
          progress?.warn(`stack ${stack.name} is being rolled back: ${one.reason || 'no reason given'}`)
        }
        for (const record of awaitedRecords([one])) progress?.event(`${one.logicalId} waits for ${record}`)
      }
      if (!isFailing && events.some(({ status, isOfStack }) => !isOfStack && status.endsWith('_FAILED'))) {
        isFailing = true
        onFailure?.(events)
      }
      progress?.live(liveLines(events, (id) => performance.now() - (seenAtMs.get(id) ?? performance.now())))
      const last = events.findLast(({ isOfStack }) => isOfStack)
      return last && isAtRest(last.status) ? { status: last.status, reason: last.reason, events } : undefined
    },
  }
}

function interrupted({ verb, stack: { name } }: Watch): OperatorError {
  return new OperatorError('interrupted', `${verb} interrupted; CloudFormation continues with stack ${name}`, {
    hint: `when its state in \`aws cloudformation describe-stacks --stack-name ${name}\` is no longer IN_PROGRESS, npm run ${verb} carries on`,
  })
}

function tooLate(
  { stack: { name }, timeoutSeconds = 3600, verb }: Watch,
  events: readonly ResourceEvent[],
): OperatorError {
  const waiting = unfinished(events).map(({ logicalId, type }) => `${logicalId} (${type})`)
  const records = awaitedRecords(events)
  const what = waiting.length > 0 ? `; in progress: ${waiting.join(', ')}` : ''
  const hint =
    records.length > 0
      ? `its certificate is waiting for ${records.join(' and ')}: add it to the domain's zone`
      : `CloudFormation continues; npm run ${verb} once it has finished`
  return new OperatorError('failed', `stack ${name} not finished after ${timeoutSeconds} s${what}`, { hint })
}

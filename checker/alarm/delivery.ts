import { DeliveryError } from './channels/delivery-error.ts'
import { type Message, messageTitle } from './notice-text.ts'
import type { Outgoing } from './state.ts'

/** The clock of delivery; tests replace it. */
export interface DeliveryHost {
  readonly nowMs: () => number
  /** Resolves after the time, or at once when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface DeliveryTask {
  /** Sends to each configured channel, by its id; throws a `DeliveryError`. */
  readonly channels: ReadonlyMap<string, (message: Message, signal: AbortSignal) => Promise<void>>
  /** For everything together. */
  readonly timeoutMs: number
  /** Aborted to stop early. */
  readonly stop?: AbortSignal | undefined
  /** Saves the remaining messages; called after each delivery. */
  readonly keep: (outbox: readonly Outgoing[]) => void
}

export interface Delivered {
  readonly outbox: readonly Outgoing[]
  readonly delivered: number
  /** A message to a configured channel was not delivered, or one was given up. */
  readonly isStuck: boolean
  readonly problems: readonly string[]
}

/** Older messages are given up: news of an outage a day later would mislead. */
export const givenUpAfterMs = 86_400_000
const attemptMs = 10_000

/**
 * Delivers the outbox: channels concurrently, each one's messages in order, retried after 1, 2, 4... seconds while time is left;
 * the rest waits for the next run.
 */
export async function deliver(outbox: readonly Outgoing[], task: DeliveryTask, host: DeliveryHost): Promise<Delivered> {
  const left = new Map(outbox.map((entry) => [entry.key, entry]))
  const limit = AbortSignal.timeout(Math.max(0, Math.floor(task.timeoutMs)))
  const deadline = {
    atMs: host.nowMs() + task.timeoutMs,
    signal: task.stop === undefined ? limit : AbortSignal.any([limit, task.stop]),
  }
  await Promise.all([...task.channels.keys()].map((channel) => serve(channel, left, deadline, task, host)))
  const nowMs = host.nowMs()
  const isOld = (entry: Outgoing) => nowMs - entry.queuedMs >= givenUpAfterMs
  const waiting = [...left.values()].filter((entry) => !isOld(entry))
  const problems = [
    ...[...left.values()].filter(isOld).map(describeGivenUp),
    ...describeWaiting(waiting, (channel) => task.channels.has(channel)),
  ]
  const isStuck = [...left.values()].some((entry) => isOld(entry) || task.channels.has(entry.channel))
  return { outbox: waiting, delivered: outbox.length - left.size, isStuck, problems }
}

interface Deadline {
  readonly atMs: number
  readonly signal: AbortSignal
}

async function serve(
  channel: string,
  left: Map<string, Outgoing>,
  deadline: Deadline,
  task: DeliveryTask,
  host: DeliveryHost,
) {
  for (let pauseMs = 1000; ; pauseMs *= 2) {
    const askedMs = await tryAll(channel, left, deadline, task)
    if (askedMs === undefined || deadline.signal.aborted) return
    const waitMs = Math.max(pauseMs, askedMs)
    if (host.nowMs() + waitMs >= deadline.atMs) return
    await host.sleep(waitMs, deadline.signal)
  }
}

/** Tries every message of one channel once; returns how long the channel asks us to wait, undefined when nothing is left. */
async function tryAll(channel: string, left: Map<string, Outgoing>, { signal }: Deadline, task: DeliveryTask) {
  // A recovery must not arrive before its alarm.
  const blocked = new Set<string>()
  let askedMs: number | undefined
  for (const entry of [...left.values()].filter((one) => one.channel === channel)) {
    const outages = entry.notices.map((notice) => notice.outage)
    if (outages.some((outage) => blocked.has(outage))) continue
    if (signal.aborted) return 0
    const failure = await tryOne(entry, task, signal)
    if (failure === undefined) {
      left.delete(entry.key)
      task.keep([...left.values()])
      continue
    }
    left.set(entry.key, { ...entry, failure: failure.message })
    for (const outage of outages) blocked.add(outage)
    askedMs = Math.max(askedMs ?? 0, failure.retryAfterMs)
    if (!failure.isRefusal) break
  }
  return askedMs
}

async function tryOne(entry: Outgoing, task: DeliveryTask, signal: AbortSignal): Promise<DeliveryError | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(attemptMs)])
  try {
    await task.channels.get(entry.channel)?.({ key: entry.key, notices: entry.notices }, limited)
    return undefined
  } catch (error) {
    // A defect in one channel must not block the others.
    return error instanceof DeliveryError ? error : new DeliveryError('failed', { cause: error })
  }
}

function describeGivenUp(entry: Outgoing): string {
  const why = entry.failure === undefined ? '' : ` (${entry.failure})`
  return `${entry.channelName}: given up after 24 h${why}: ${messageTitle(entry)}`
}

function describeWaiting(waiting: readonly Outgoing[], isKnown: (channel: string) => boolean): string[] {
  return [...new Set(waiting.map(({ channel }) => channel))].map((channel) => {
    const entries = waiting.filter((entry) => entry.channel === channel)
    const name = entries[0]?.channelName
    const waits = entries.length === 1 ? '1 message waits' : `${entries.length} messages wait`
    if (!isKnown(channel)) return `${name}: ${waits} for it, but it is no longer among --notify`
    const failure = entries.find((entry) => entry.failure !== undefined)?.failure ?? 'no time was left'
    return `${name}: ${failure}; ${waits} for the next run`
  })
}

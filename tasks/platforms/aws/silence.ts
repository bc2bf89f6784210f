/** How long a call may go unanswered. */
export interface SilenceLimits {
  /** One attempt, until the answer is complete. */
  readonly attemptMs: number
  /** All attempts of a call together, including the search for credentials. */
  readonly callMs: number
  /**
   * For this long after a call was given up, calls to the same host fail at once, as do calls to any host if nothing
   * has answered in this run yet.
   */
  readonly quietMs: number
  /** Time left for a call once the operator has asked to stop, so that a lock can still be released. */
  readonly stopMs: number
}

export const usualLimits: SilenceLimits = { attemptMs: 15_000, callMs: 35_000, quietMs: 5000, stopMs: 10_000 }

/** No answer in time. The SDK does not retry it. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
  readonly $metadata: { attempts: number }

  constructor(message: string, attempts: number) {
    super(message)
    this.$metadata = { attempts }
  }
}

interface Call {
  /** It changes nothing, so the operator's request to stop ends it at once. */
  readonly isReading: boolean
  spentMs: number
  attempts: number
  isOver: boolean
}

/** Ends calls that AWS does not answer. */
export interface SilenceWatch {
  /** Runs a whole call, with `attempt` inside; throws a SilenceError when not even one attempt starts in time. */
  call<T>(isReading: boolean, work: (call: Call) => Promise<T>): Promise<T>
  attempt<T>(call: Call, host: string, work: () => Promise<T>): Promise<T>
}

/**
 * Watches all clients of one run. `signal` is the operator's request to stop: calls made after it get a short time, so
 * that a run ends soon and still releases what it took.
 */
export function openSilenceWatch(signal?: AbortSignal, limits = usualLimits): SilenceWatch {
  let lastSilence: { host: string; atMs: number } | undefined
  let hasAnswered = false

  const isQuiet = (host: string) =>
    lastSilence !== undefined &&
    performance.now() - lastSilence.atMs < limits.quietMs &&
    (lastSilence.host === host || !hasAnswered)

  function giveUp(call: Call, host: string, what: string): SilenceError {
    call.isOver = true
    lastSilence = { host, atMs: performance.now() }
    return new SilenceError(what, call.attempts)
  }

  return {
    async call(isReading, work) {
      const call: Call = { isReading, spentMs: 0, attempts: 0, isOver: false }
      const patience = openPatience(limits.callMs, { limits, signal, isReading, isOver: () => call.attempts === 0 })
      try {
        return await patience.waitFor(work(call))
      } catch (error) {
        if (error !== timeIsOver) throw error
        throw giveUp(call, 'the source of the credentials', `no credentials within ${limits.callMs / 1000} s`)
      }
    },

    async attempt(call, host, work) {
      if (call.isOver) throw new SilenceError('the time of the call is up', call.attempts)
      if (isQuiet(host)) throw new SilenceError(`not asked, ${lastSilence?.host} does not answer`, call.attempts)
      call.attempts += 1
      const startedMs = performance.now()
      const leftMs = Math.min(limits.attemptMs, limits.callMs - call.spentMs)
      const patience = openPatience(leftMs, { limits, signal, isReading: call.isReading })
      try {
        const answer = await patience.waitFor(work())
        hasAnswered = true
        return answer
      } catch (error) {
        if (wasAnswered(error)) hasAnswered = true
        if (!isSilence(error)) throw error
        call.spentMs += performance.now() - startedMs
        if (signal?.aborted || leftMs < limits.attemptMs)
          throw giveUp(call, host, `no answer from ${host} within ${Math.round(call.spentMs / 1000)} s`)
        // The SDK retries errors of this name.
        throw Object.assign(new Error('no answer in time'), { name: 'TimeoutError' })
      }
    },
  }
}

const timeIsOver = new Error('the time is over')

interface PatienceSettings {
  readonly limits: SilenceLimits
  readonly signal: AbortSignal | undefined
  readonly isReading: boolean
  /** Called when the time is up; the wait continues when this is false. */
  isOver?(): boolean
}

/**
 * Waits for work; throws `timeIsOver` after `ms`. Once the operator asks to stop, a reading call ends at once and any
 * other has `stopMs` left.
 */
function openPatience(ms: number, { limits, signal, isReading, isOver = () => true }: PatienceSettings) {
  const { promise, reject } = Promise.withResolvers<never>()
  const timers = new Set<NodeJS.Timeout>()
  const endIn = (after: number) => timers.add(setTimeout(() => isOver() && reject(timeIsOver), after))
  const hurry = () => (isReading ? reject(new DOMException('stopped', 'AbortError')) : endIn(limits.stopMs))
  endIn(signal?.aborted ? Math.min(ms, limits.stopMs) : ms)
  signal?.addEventListener('abort', hurry, { once: true })
  return {
    async waitFor<T>(work: Promise<T>): Promise<T> {
      // A late rejection has no listener any more.
      work.catch(() => {})
      try {
        return await Promise.race([work, promise])
      } finally {
        signal?.removeEventListener('abort', hurry)
        for (const timer of timers) clearTimeout(timer)
      }
    },
  }
}

/** An error from AWS itself, or an answer that could not be parsed. */
function wasAnswered(error: unknown): boolean {
  const { $response, $metadata } = error as { $response?: unknown; $metadata?: { httpStatusCode?: number } }
  return $response !== undefined || $metadata?.httpStatusCode !== undefined
}

/** The SDK gives a broken connection the name of a time-out too; that one has ended. */
function isSilence(error: unknown): boolean {
  if (error === timeIsOver) return true
  const { name, code = '' } = error as { name?: string; code?: string }
  return name === 'TimeoutError' && !['ECONNRESET', 'EPIPE'].includes(code)
}

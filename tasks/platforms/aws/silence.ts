/** How long a call goes on without any answer. */
export interface SilenceLimits {
  /** One attempt, until its answer is whole. */
  readonly attemptMs: number
  /** All attempts of a call together, and the search for credentials before them. */
  readonly callMs: number
  /** For this long after a call was given up, calls to the same host fail at once, and as long as nothing has answered in this run, calls to any. */
  readonly quietMs: number
  /** What a call has left once the operator has asked to stop: a lock is to be given back all the same. */
  readonly stopMs: number
}

export const usualLimits: SilenceLimits = { attemptMs: 15_000, callMs: 35_000, quietMs: 5000, stopMs: 10_000 }

/** No answer came in time. The SDK does not try again after this one. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
  readonly $metadata: { attempts: number }

  constructor(message: string, attempts: number) {
    super(message)
    this.$metadata = { attempts }
  }
}

/** The state of one call. */
interface Call {
  /** It only looks, so the operator's request to stop ends it at once. */
  readonly isReading: boolean
  spentMs: number
  attempts: number
  isOver: boolean
}

/** Ends what AWS does not answer. */
export interface SilenceWatch {
  /** Runs a whole call, `attempt` inside of it; it ends with a SilenceError when not even an attempt begins in time. */
  call<T>(isReading: boolean, work: (call: Call) => Promise<T>): Promise<T>
  /** Runs one attempt of a call at a host. */
  attempt<T>(call: Call, host: string, work: () => Promise<T>): Promise<T>
}

/**
 * Watches all clients of one run. `signal` is the operator's request to stop: what is asked then is waited for a little, so that
 * a run ends soon and still gives back what it took.
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
      if (call.isOver) throw new SilenceError('its time is over', call.attempts)
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
        // The SDK tries again after an error of this name.
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
  /** Asked when the time is over; it goes on when this is false. */
  isOver?(): boolean
}

/**
 * Waits for work: `timeIsOver` is thrown when that takes longer than `ms`. Once the operator wants to stop, what only looks
 * is stopped at once, and the rest has `stopMs` more.
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
      // Whatever still comes of it: nobody listens any more.
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

/** An error that AWS itself sent, or an answer that could not be read. */
function wasAnswered(error: unknown): boolean {
  const { $response, $metadata } = error as { $response?: unknown; $metadata?: { httpStatusCode?: number } }
  return $response !== undefined || $metadata?.httpStatusCode !== undefined
}

/** The SDK gives a connection that broke the name of a time-out, too; a broken one came to its end. */
function isSilence(error: unknown): boolean {
  if (error === timeIsOver) return true
  const { name, code = '' } = error as { name?: string; code?: string }
  return name === 'TimeoutError' && !['ECONNRESET', 'EPIPE'].includes(code)
}

/** When all unfinished work is abandoned. */
export interface Deadline {
  /** A `performance.now()` reading. */
  readonly endMs: number
  readonly isOver: boolean
  /** Calls `giveUp` once the deadline is over; the returned function unsubscribes. */
  whenOver(giveUp: () => void): () => void
  /** Everything has finished. */
  cancel(): void
}

/**
 * A deadline at a `performance.now()` reading, or when the signal is aborted. Thousands may wait for it, and adding a listener to
 * an AbortSignal takes time proportional to those it has.
 */
export function startDeadline(endMs: number, signal?: AbortSignal): Deadline {
  const waiting = new Set<() => void>()
  let isOver = false
  const end = () => {
    cancel()
    isOver = true
    for (const giveUp of waiting) giveUp()
    waiting.clear()
  }
  const cancel = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
  const timer = setTimeout(end, Math.max(0, endMs - performance.now()))
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  return {
    endMs,
    get isOver() {
      return isOver
    },
    whenOver(giveUp) {
      if (isOver) giveUp()
      else waiting.add(giveUp)
      return () => waiting.delete(giveUp)
    },
    cancel,
  }
}

/** The moment at which whatever is still under way is given up. */
export interface Deadline {
  /** As `performance.now()` counts. */
  readonly endMs: number
  readonly isOver: boolean
  /** Calls back once when it is over, unless the returned function was called before. */
  whenOver(giveUp: () => void): () => void
  /** There is nothing left to give up. */
  cancel(): void
}

/**
 * A deadline at a reading of `performance.now()`, or when the signal comes. Thousands may wait for it, which an AbortSignal is not made for: it looks
 * through all its listeners for each new one.
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

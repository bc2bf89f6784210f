/** Begins work when its turn comes. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Lets `limit` works run at a time, since answers that wait for the checker's own processor would seem slow, and their
 * clocks uncertain. A work that takes longer than `patienceMs` goes on beside its successor: who waits delays nobody.
 */
export function takeTurns(limit: number, patienceMs: number): Turns {
  const waiting: (() => void)[] = []
  let free = limit
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  const enter = async (): Promise<void> => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  return async (work) => {
    await enter()
    let isGone = false
    const leaveOnce = () => {
      if (isGone) return
      isGone = true
      leave()
    }
    const timer = setTimeout(leaveOnce, patienceMs)
    try {
      return await work()
    } finally {
      clearTimeout(timer)
      leaveOnce()
    }
  }
}

const atOnce = 16
const longestTurnMs = 25

/** Turns for so many probes, all of which begin within a quarter of the deadline, even if none is ever answered. */
export function turnsFor(count: number, timeoutMs: number): Turns {
  return takeTurns(atOnce, Math.min(longestTurnMs, timeoutMs / 4 / Math.ceil(count / atOnce)))
}

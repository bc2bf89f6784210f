export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Runs at most `limit` pieces of work at a time: answers that wait for the checker's own CPU would look slow, and their clocks
 * uncertain. Work that takes longer than `patienceMs` keeps running but frees its place, so a slow service delays nobody.
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

/** Turns for `count` probes, which all start within a quarter of the deadline even if none is answered. */
export function turnsFor(count: number, timeoutMs: number): Turns {
  return takeTurns(atOnce, Math.min(longestTurnMs, timeoutMs / 4 / Math.ceil(count / atOnce)))
}

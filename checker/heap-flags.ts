import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap of a process small that asks many targets once and ends: what it asked is garbage soon, but V8 would let the room for
 * new objects grow, look for old garbage late, and compile the same code twice more. Has to be called before the heap has grown
 * (docs/decisions/0025-many-targets-in-a-small-heap.md).
 */
export function keepHeapSmall(): void {
  const flags = ['--semi-space-growth-factor=1', '--incremental-marking-hard-trigger=10', '--no-opt', '--no-maglev']
  for (const flag of flags) setFlagsFromString(flag)
}

/** Both halves of the room for new objects. */
const mostYoungBytes = 8 * 1024 * 1024

/**
 * Ends the growth of the room for new objects in a process that stays, once there is enough of it: V8 would double it up to 32 MB and more,
 * which saves no time where little is asked at once (docs/decisions/0025-many-targets-in-a-small-heap.md).
 */
export function boundYoungHeap(): void {
  // It grows at a collection only.
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    if (young === undefined || young.space_size < mostYoungBytes) return
    observer.disconnect()
    setFlagsFromString('--semi-space-growth-factor=1')
  })
  observer.observe({ entryTypes: ['gc'] })
}

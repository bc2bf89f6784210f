import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap small in a process that asks many targets once and exits: nearly everything it allocates is soon garbage, but V8
 * would grow the young generation, collect old garbage late, and compile the same code twice more. Call it before the heap has
 * grown (docs/decisions/0025-many-targets-in-a-small-heap.md).
 */
export function keepHeapSmall(): void {
  const flags = ['--semi-space-growth-factor=1', '--incremental-marking-hard-trigger=10', '--no-opt', '--no-maglev']
  for (const flag of flags) setFlagsFromString(flag)
}

/** Both semi-spaces of the young generation. */
const mostYoungBytes = 8 * 1024 * 1024

/**
 * Stops the young generation of a long-running process from growing once it is large enough: V8 would double it up to 32 MB and
 * more, which saves no time when few targets are asked at once (docs/decisions/0025-many-targets-in-a-small-heap.md).
 */
export function boundYoungHeap(): void {
  // It grows only during a collection.
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    if (young === undefined || young.space_size < mostYoungBytes) return
    observer.disconnect()
    setFlagsFromString('--semi-space-growth-factor=1')
  })
  observer.observe({ entryTypes: ['gc'] })
}

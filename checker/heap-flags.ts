import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap of a process small that asks many targets once and ends: what it asked is garbage soon, but V8 would let the room for
 * new objects grow, look for old garbage late, and compile the same code twice more. Has to be called before the heap has grown
 * (docs/decisions/0025-many-targets-in-a-small-heap.md).
 */
export function keepHeapSmall(): void {
  const flags = ['--semi-space-growth-factor=1', '--incremental-marking-hard-trigger=10', '--no-opt', '--no-maglev']
  for (const flag of flags) setFlagsFromString(flag)
}

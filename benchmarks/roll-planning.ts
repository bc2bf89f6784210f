/**
 * Times single turns of the roll's planner. Called with a size, it prints the milliseconds of its process's very first
 * turn, for `node benchmarks/roll.ts`.
 */
import { execa } from 'execa'
import { nextSteps } from '../tasks/lib/roll/planner.ts'
import { plainPolicy } from '../tasks/lib/roll/policy.ts'
import type { RollSnapshot } from '../tasks/lib/roll/snapshot.ts'
import { phases, snapshotOf } from './roll-snapshots.ts'

/**
 * Milliseconds of one turn at one size, after a warm-up unless stated otherwise: processor time of the thread, so
 * that other load on the computer does not count.
 */
export interface PlanningCost {
  readonly size: number
  readonly turns: number
  readonly median: number
  readonly p99: number
  /** The moment of a roll with the highest median. */
  readonly slowest: { readonly phase: string; readonly median: number }
  /** The first turn of a process, median of several processes. */
  readonly cold: number
}

/** Times turns taken from all phases of a roll in turn, `rounds` times. */
export async function planningCost(size: number, rounds: number): Promise<PlanningCost> {
  const cold = quantile(await coldTurns(size), 0.5)
  const snapshots = phases.map(({ name }) => ({ name, snapshot: snapshotOf(name, size), times: [] as number[] }))
  for (let round = 0; round < Math.ceil(rounds / 4); round += 1) {
    for (const { snapshot } of snapshots) turnMs(snapshot, size)
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { snapshot, times } of snapshots) times.push(turnMs(snapshot, size))
  }
  const all = snapshots.flatMap(({ times }) => times)
  const medians = snapshots.map(({ name, times }) => ({ phase: name, median: quantile(times, 0.5) }))
  const slowest = medians.reduce((a, b) => (a.median >= b.median ? a : b))
  return { size, turns: all.length, median: quantile(all, 0.5), p99: quantile(all, 0.99), slowest, cold }
}

/** The power of n log n that the cost grows with: the slope of a line through both logarithms, by least squares. */
export function growth(costs: readonly PlanningCost[]): number {
  const points = costs.map(({ size, median }) => [Math.log(size * Math.log(size)), Math.log(median)] as const)
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

/** The smallest number that at least this share of the numbers do not exceed. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

function turnMs(snapshot: RollSnapshot, size: number): number {
  const policy = { ...plainPolicy, surge: Math.ceil(size / 20), timeoutSeconds: 86_400 }
  const before = processorMs()
  const steps = nextSteps(snapshot, policy)
  const time = processorMs() - before - lookingMs
  if (steps.length === 0) throw new Error('a turn without a step')
  return time
}

const cell = new Int32Array(new SharedArrayBuffer(4))

/** Linux updates a thread's processor time when it suspends the thread, so wait briefly before reading it. */
function processorMs(): number {
  Atomics.wait(cell, 0, 0, 0.01)
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The cost of reading the time itself. */
const lookingMs = quantile(
  Array.from({ length: 200 }, () => -processorMs() + processorMs()),
  0.5,
)

async function coldTurns(size: number): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < 5; run += 1) {
    const { stdout } = await execa(process.execPath, [import.meta.filename, String(size)])
    times.push(Number(stdout))
  }
  return times
}

if (import.meta.main) {
  const size = Number(process.argv[2])
  process.stdout.write(`${turnMs(snapshotOf('middle', size), size)}\n`)
}

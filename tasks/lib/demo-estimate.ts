import { count } from './count.ts'
import type { Pace } from './pace.ts'

export const demoReleases = ['1.0.0', '1.1.0'] as const

export interface DemoWork {
  readonly base: boolean
  /** Releases to bake. */
  readonly releases: number
  /** Images to test: those to bake, and one whose test was interrupted. */
  readonly tests: number
}

/**
 * Seconds, measured on two quiet processors under plain emulation, which is pace 3 (benchmarks/results/demo.tsv).
 * `native` runs on the computer itself; the load lasts until it has sent enough requests to mean something, however
 * fast the roll is.
 */
const measured = { pace: 3, native: 65, base: 140, release: 70, test: 80, deploy: 80, roll: 170, load: 170, rest: 25 }

export function demoMinutes({ base, releases, tests }: DemoWork, pace: number): number {
  const { native, release, test, deploy, roll, load, rest } = measured
  const factor = pace / measured.pace
  const machines = (base ? measured.base : 0) + releases * release + tests * test + deploy + rest
  const total = (base ? native : 0) + factor * machines + Math.max(factor * roll + 80, Math.max(1, factor) * load)
  return Math.max(1, Math.round(total / 60))
}

/** Requests a second: what two instances answer with ease under plain emulation, fewer on a slower or busier computer. */
export function demoLoad(pace: number): { keptPerSecond: number; newPerSecond: number } {
  const share = Math.min(1, measured.pace / pace)
  return { keptPerSecond: Math.round(70 * share), newPerSecond: Math.round(50 * share) }
}

/** Printed before a demo starts: how long it will take here and why, and what exists already. */
export function demoLines(steps: number, work: DemoWork, { factor, because }: Pace): string[] {
  const there = [
    ...(work.base ? [] : ['the base layer']),
    ...(work.releases === 0 ? ['both releases'] : work.releases === 1 ? ['one release'] : []),
  ]
  return [
    `${count(steps, 'step')}, about ${count(demoMinutes(work, factor), 'minute')} at the pace of this computer, ${factor} (${because})`,
    ...(there.length > 0 ? [`here already: ${there.join(' and ')}`] : []),
  ]
}

/**
 * Measures the roll engine on simulated groups: `node benchmarks/roll.ts`. Compares the time that a roll takes with the shortest
 * possible one and with models of other tools, and times the planner. Needs five to ten minutes on a quiet computer, writes
 * benchmarks/results/roll.md, roll.json and roll.svg, and fails when a limit is not met.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Comparison, compare, otherModes, slowMakespans, surgeModes } from './roll-comparison.ts'
import { growth, type PlanningCost, planningCost } from './roll-planning.ts'
import { picture, report } from './roll-report.ts'

const results = join(import.meta.dirname, 'results')
const size = 1000
const surges = [10, 50, 100]
const limits: Record<string, { measured: number; limit: number; unit: string }> = {}
const missed: string[] = []

function hold(name: string, measured: number, limit: number, unit = ''): void {
  limits[name] = { measured: Math.round(measured * 1000) / 1000, limit, unit }
  if (!(measured <= limit)) missed.push(name)
  process.stderr.write(`${name}: ${limits[name].measured} ${unit} (limit ${limit})\n`)
}

// The planner first, while the heap is small; rounds of all phases.
const costs: PlanningCost[] = []
for (const [instances, rounds, limit] of [
  [100, 2000, undefined],
  [1000, 300, 5],
  [10_000, 60, 60],
  [100_000, 10, undefined],
] as const) {
  const cost = await planningCost(instances, rounds)
  costs.push(cost)
  if (limit === undefined) continue
  hold(`one planning turn at ${instances} instances, median`, cost.median, limit, 'ms')
  hold(`one planning turn at ${instances} instances, 99th percentile`, cost.p99, limit, 'ms')
}
hold('cost of a turn grows as n log n to the power of', growth(costs), 1.1)

const bySurge: { surge: number; rows: Comparison[] }[] = []
for (const surge of surges) {
  const rows: Comparison[] = []
  for (const mode of surgeModes(surge)) rows.push(await compare(mode, size))
  bySurge.push({ surge, rows })
  hold(
    `makespan over the lower bound, surge ${surge}, worst seed`,
    Math.max(...rows.map(({ worst }) => worst.overBound)),
    1.05,
  )
  hold(
    `makespan over the quickest other mode, surge ${surge}, worst seed`,
    Math.max(...rows.map(({ worst }) => worst.overMode)),
    1,
  )
}
const others: Comparison[] = []
for (const [mode, instances] of otherModes) others.push(await compare(mode, instances))
hold(
  'makespan over that of modes with another floor or maximum, worst',
  Math.max(...others.map(({ worst }) => worst.overMode)),
  1,
)
const slow = await slowMakespans(size)

const figures = { size, limits, bySurge, others, slow, costs }
await writeFile(join(results, 'roll.json'), `${JSON.stringify(figures, null, 2)}\n`)
await writeFile(join(results, 'roll.svg'), picture(figures))
await writeFile(join(results, 'roll.md'), report(figures))
process.stdout.write(report(figures))
if (missed.length > 0) {
  process.stderr.write(`not met: ${missed.join('; ')}\n`)
  process.exitCode = 1
}

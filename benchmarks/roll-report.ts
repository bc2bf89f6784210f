import { cpus } from 'node:os'
import type { Comparison } from './roll-comparison.ts'
import { type Bar, drawPanels, duration } from './roll-picture.ts'
import type { PlanningCost } from './roll-planning.ts'

/** All measurements. */
export interface RollFigures {
  readonly size: number
  readonly limits: Readonly<Record<string, { measured: number; limit: number; unit: string }>>
  readonly bySurge: readonly { readonly surge: number; readonly rows: readonly Comparison[] }[]
  readonly others: readonly Comparison[]
  readonly slow: readonly { readonly mode: string; readonly makespan: number }[]
  readonly costs: readonly PlanningCost[]
}

/** The makespans as bars, one panel per surge. */
export function picture({ size, bySurge, slow }: RollFigures): string {
  const panels = bySurge.map(({ surge, rows }) => ({
    title: `All ${size} in service at every moment, at most ${size + surge} machines`,
    bars: [
      { label: 'lower bound', seconds: rows[0]?.bound ?? 0, kind: 'bound' },
      { label: 'bakeroll', seconds: rows[0]?.ours ?? 0, kind: 'ours' },
      ...rows.filter(isDrawn).map(({ mode, makespan }) => ({ label: mode, seconds: makespan, kind: 'peer' })),
    ] as Bar[],
  }))
  const slowest = {
    title: 'One by one, with another floor: serial one below the size, full none at all',
    bars: slow.map(({ mode, makespan }): Bar => ({ label: mode, seconds: makespan, kind: 'peer' })),
  }
  const note =
    'Medians of 5 seeds; boots lognormal around 60 s, 10 s to drain. AWS documents “set after set”; “one by one” is the most favourable reading.'
  return drawPanels(`Replacing ${size} instances`, note, [...panels, slowest])
}

/** Next to the longest, the others would be too short to tell apart; the tables include it. */
function isDrawn({ mode }: Comparison): boolean {
  return !mode.includes('warmup')
}

/** All figures as tables, in Markdown. */
export function report({ size, limits, bySurge, others, slow, costs }: RollFigures): string {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim()}, Node ${process.version}`
  return [
    '# Rolls of simulated instances',
    '',
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}. Boot times are lognormal, median 60 s, sigma 0.4, the same for`,
    'every mode at each of 5 seeds; 2 s until the load balancer considers an instance healthy, 10 s to drain one. Medians, from the first',
    'call until the last old machine is gone and the last new one is in service. Draining machines count as machines.',
    '',
    ...table(
      ['limit', 'measured', 'at most'],
      Object.entries(limits).map(([name, { measured, limit, unit }]) => [
        name,
        `${measured} ${unit}`.trim(),
        `${limit} ${unit}`.trim(),
      ]),
    ),
    '![The time that each mode takes](roll.svg)',
    '',
    ...bySurge.flatMap(({ surge, rows }) => [
      `## ${size} instances, all in service at every moment, at most ${size + surge} machines`,
      '',
      ...table(['mode', 'time', 'over the lower bound'], sameRoomRows(rows)),
    ]),
    '## Modes with another floor or maximum',
    '',
    'bakeroll with the same lowest capacity and the same highest number of machines as the mode.',
    '',
    ...table(['mode', 'instances', 'floor', 'machines', 'its time', 'bakeroll', 'lower bound'], others.map(ownRoomRow)),
    `One by one, on ${size} instances: ${slow.map(({ mode, makespan }) => `${mode} ${duration(makespan)}`).join(', ')}.`,
    '',
    '## One turn of the planner, ms',
    '',
    'Processor time of turns at seven moments of a roll, including trouble and the rollback, after a warm-up.',
    '',
    ...table(
      ['instances', 'median', '99th percentile', 'slowest moment', 'per n log n', 'first turn of a process', 'turns'],
      costs.map(costRow),
    ),
    'The rules of the other tools, with their sources, are in [benchmarks/peers](../peers). "polling every',
    'second" replaces bouncer\'s pause of 15 s between two polls. Instance Refresh is modelled with a pause of 1 s and, unless stated',
    'otherwise, without a warmup. AWS documents "set after set"; "one by one" is the most favourable reading, which nothing here confirms.',
    '',
  ].join('\n')
}

function sameRoomRows(rows: readonly Comparison[]): string[][] {
  const { bound = 0, ours = 0 } = rows[0] ?? {}
  const row = (mode: string, seconds: number) => [mode, duration(seconds), (seconds / bound).toFixed(3)]
  return [
    row('lower bound', bound),
    row('**bakeroll**', ours),
    ...rows.map(({ mode, makespan }) => row(mode, makespan)),
  ]
}

function ownRoomRow(row: Comparison): string[] {
  const counts = [row.size, row.floor, row.maximum].map(String)
  return [row.mode, ...counts, ...[row.makespan, row.ours, row.bound].map(duration)]
}

function costRow({ size: n, median, p99, slowest, cold, turns }: PlanningCost): string[] {
  const perStep = `${((median * 1e6) / (n * Math.log2(n))).toFixed(0)} ns`
  const slow = `${slowest.median.toFixed(2)} (${slowest.phase})`
  return [String(n), median.toFixed(2), p99.toFixed(2), slow, perStep, cold.toFixed(2), String(turns)]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '']
}

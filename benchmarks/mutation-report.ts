import { explanations } from './mutation-survivors.ts'

export interface ModuleResult {
  readonly module: string
  readonly mutants: number
  readonly killed: number
  /** Those that made the tests run forever. */
  readonly timeouts: number
  readonly errors: number
  readonly survived: number
  readonly survivors: readonly Survivor[]
  readonly seconds: number
  /** The day of the measurement, `2026-01-01`. */
  readonly date: string
  readonly stryker: string
  readonly node: string
  readonly machine: string
}

/** A change that no test noticed. */
export interface Survivor {
  readonly line: number
  readonly code: string
  readonly becomes: string
  /** The whole line in which it starts. */
  readonly in: string
  readonly mutator: string
}

/** The page of results: a score for each module, and every survivor with the reason why it is acceptable. */
export function mutationReport(modules: readonly ModuleResult[]): string {
  const sum = (of: (one: ModuleResult) => number) => modules.reduce((all, one) => all + of(one), 0)
  const all = {
    module: 'all',
    mutants: sum((one) => one.mutants),
    killed: sum((one) => one.killed),
    timeouts: sum((one) => one.timeouts),
    errors: sum((one) => one.errors),
    survived: sum((one) => one.survived),
    seconds: sum((one) => one.seconds),
    date: '',
  }
  const rows = [...modules, all].map(rowOf)
  const head = [
    '| module | score | mutants | killed | timeout | error | survived | seconds | date |',
    '|---|---|---|---|---|---|---|---|---|',
  ]
  const survivors = modules.flatMap((one) => one.survivors.map((survivor) => lineOf(one.module, survivor)))
  return [
    '# What the unit tests of a roll notice',
    '',
    `Measured with \`node benchmarks/mutation.ts\` and ${different(modules, (one) => `StrykerJS ${one.stryker}`)} on Node ${different(modules, (one) => one.node)};`,
    `${different(modules, (one) => one.machine)}. The score is the share of mutants that were killed or ran into the time limit.`,
    '',
    ...head,
    ...rows,
    '',
    '## Survivors',
    '',
    ...(survivors.length > 0 ? survivors : ['None.']),
    '',
  ].join('\n')
}

function rowOf(one: Omit<ModuleResult, 'survivors' | 'stryker' | 'node' | 'machine'>): string {
  const score = ((one.killed + one.timeouts) / (one.mutants - one.errors)) * 100
  const cells = [
    one.module,
    `${score.toFixed(1)} %`,
    one.mutants,
    one.killed,
    one.timeouts,
    one.errors,
    one.survived,
    one.seconds,
    one.date,
  ]
  return `| ${cells.join(' | ')} |`
}

function lineOf(module: string, survivor: Survivor): string {
  const { line, code, becomes } = survivor
  const known = explanations.find(
    (one) =>
      one.module === module && one.code === code && one.becomes === becomes && survivor.in.includes(one.in ?? ''),
  )
  return `- \`${module}.ts\` line ${line}: \`${code}\` → \`${becomes.replaceAll(/\s+/g, ' ')}\`: ${known?.because ?? 'not explained'}`
}

function different(modules: readonly ModuleResult[], of: (one: ModuleResult) => string): string {
  return [...new Set(modules.map(of))].join(', ')
}

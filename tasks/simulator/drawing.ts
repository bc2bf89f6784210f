import type { CapacityPoint } from './capacity-record.ts'

export interface Drawing {
  readonly points: readonly CapacityPoint[]
  readonly startMs: number
  readonly endMs: number
}

interface Column {
  readonly serving: number
  readonly machines: number
  readonly floor: number
}

/** Columns when the width of the terminal is unknown. */
const usualColumns = 64
const mostRows = 10

/**
 * Capacity over time: `█` served throughout a column, `░` further machines, `─` the promised floor where capacity is
 * above or below it. The lowest row is not 0 when nothing happens below it. As wide as the terminal.
 */
export function drawCapacity({ points, startMs, endMs }: Drawing, widthColumns?: number): string[] {
  const most = Math.max(1, ...points.map(({ machines }) => machines))
  const axisColumns = String(most + Math.ceil(most / mostRows)).length + 2
  const count = widthColumns === undefined ? usualColumns : Math.max(8, widthColumns - axisColumns)
  const columns = toColumns({ points, startMs, endMs }, count)
  const least = Math.min(...columns.map(({ serving, floor }) => Math.min(serving, floor)))
  const from = least > most * 0.6 ? Math.max(0, least - Math.ceil((most - least) / 2) - 1) : 0
  // Each row is a whole number of instances.
  const step = Math.ceil((most - from) / mostRows)
  const rowCount = Math.ceil((most - from) / step)
  const bottom = Math.max(0, most - rowCount * step)
  const top = bottom + rowCount * step
  const width = String(top).length
  const rows = Array.from({ length: rowCount }, (_, index) => {
    const level = top - index * step
    const cells = columns.map((column) => cellOf(column, level, step)).join('')
    return `${String(level).padStart(width)} ┤${cells}`
  })
  const seconds = Math.round((endMs - startMs) / 1000)
  const end = `${seconds} s`
  return [
    ...rows,
    `${String(bottom).padStart(width)} ┴${'─'.repeat(count)}`,
    `${' '.repeat(width + 2)}0 s${end.padStart(count - 3)}`,
    ...legend(width + 2, widthColumns ?? Number.POSITIVE_INFINITY),
  ]
}

function cellOf({ serving, machines, floor }: Column, level: number, step: number): string {
  if (floor <= level && floor > level - step) return serving >= level ? '▀' : '─'
  if (serving >= level - step / 2) return '█'
  return machines >= level - step / 2 ? '░' : ' '
}

function legend(margin: number, widthColumns: number): string[] {
  const signs = ['█ serving at every moment', '░ other machines', '─ promised floor']
  const line = `${' '.repeat(margin)}${signs.join('   ')}`
  return line.length <= widthColumns ? [line] : signs
}

/** The fewest serving and the most machines during each column. */
function toColumns({ points, startMs, endMs }: Drawing, columnCount: number): Column[] {
  const stepMs = Math.max(1, (endMs - startMs) / columnCount)
  let next = 0
  let current = points[0] ?? { atMs: startMs, serving: 0, machines: 0, floor: 0 }
  return Array.from({ length: columnCount }, (_, index) => {
    const untilMs = startMs + (index + 1) * stepMs
    const during = [current]
    for (let point = points[next]; point && point.atMs < untilMs; point = points[next]) {
      during.push(point)
      current = point
      next += 1
    }
    return {
      serving: Math.min(...during.map(({ serving }) => serving)),
      machines: Math.max(...during.map(({ machines }) => machines)),
      floor: current.floor,
    }
  })
}

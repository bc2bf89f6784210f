import type { CapacityPoint } from './capacity-record.ts'

/** What a drawing shows, from `startMs` to `endMs`. */
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

const columnCount = 64
const mostRows = 10

/**
 * Capacity over time: `█` what served at every moment of a column, `░` machines beside that, `─` the promised floor where
 * capacity stands above or below it. The lowest row is not 0 when nothing happens down there.
 */
export function drawCapacity({ points, startMs, endMs }: Drawing): string[] {
  const columns = toColumns(points, startMs, endMs)
  const most = Math.max(1, ...columns.map(({ machines }) => machines))
  const least = Math.min(...columns.map(({ serving, floor }) => Math.min(serving, floor)))
  const from = least > most * 0.6 ? Math.max(0, least - Math.ceil((most - least) / 2) - 1) : 0
  // Whole instances from row to row, so that every row has a number of its own.
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
    `${String(bottom).padStart(width)} ┴${'─'.repeat(columnCount)}`,
    `${' '.repeat(width + 2)}0 s${end.padStart(columnCount - 3)}`,
    `${' '.repeat(width + 2)}█ serving at every moment   ░ other machines   ─ promised floor`,
  ]
}

function cellOf({ serving, machines, floor }: Column, level: number, step: number): string {
  if (floor <= level && floor > level - step) return serving >= level ? '▀' : '─'
  if (serving >= level - step / 2) return '█'
  return machines >= level - step / 2 ? '░' : ' '
}

/** The least that served and the most machines of each column's time. */
function toColumns(points: readonly CapacityPoint[], startMs: number, endMs: number): Column[] {
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

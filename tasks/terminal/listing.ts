import { terminalColumns, wrapped } from '../../checker/formatters/wrapping.ts'
import { table, width } from './table.ts'

export interface Listing {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Heads of columns to drop first when space is short, because something else says the same. */
  readonly dispensable?: readonly string[]
  /** For each row, text on lines of its own below it. */
  readonly below?: readonly (string | undefined)[]
}

/** With fewer columns than this for the last one, each row becomes a paragraph. */
const leastRoom = 24

/**
 * A table if it fits. If not, first the dispensable columns go, then the last column is wrapped, and finally every row
 * becomes a paragraph of `HEAD value` lines: nothing is cut off. Without `columns` the width is unlimited.
 */
export function listing({ heads, rows, dispensable = [], below = [] }: Listing, columns = terminalColumns()): string {
  const room = columns ?? Number.POSITIVE_INFINITY
  for (let gone = 0; gone <= dispensable.length; gone++) {
    const kept = heads.flatMap((head, index) => (dispensable.slice(0, gone).includes(head) ? [] : [index]))
    const cells = [heads, ...rows].map((row) => kept.map((index) => row[index] ?? ''))
    const lines = table(cells).split('\n')
    if (lines.every((line) => width(line) <= room))
      return withBelow(
        lines.map((line) => [line]),
        below,
        cells,
        room,
      )
    if (gone < dispensable.length) continue
    const before = columnWidths(cells)
      .slice(0, -1)
      .reduce((sum, wide) => sum + wide + 2, 0)
    if (room - before >= leastRoom)
      return withBelow(
        lines.map((line) => wrapped(line, room, before)),
        below,
        cells,
        room,
      )
  }
  return paragraphs(heads, rows, below, room)
}

function withBelow(
  [head = [], ...blocks]: readonly (readonly string[])[],
  below: Listing['below'],
  cells: readonly (readonly string[])[],
  room: number,
): string {
  const margin = ' '.repeat((columnWidths(cells)[0] ?? 0) + 2)
  return [head, ...blocks.map((block, index) => [...block, ...belowOf(below?.[index], margin, room)])].flat().join('\n')
}

function belowOf(text: string | undefined, margin: string, room: number): string[] {
  return text === undefined || text === '' ? [] : wrapped(`${margin}${text}`, room, 2)
}

function paragraphs(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  below: readonly (string | undefined)[],
  room: number,
): string {
  const wide = Math.max(...heads.map(width)) + 2
  const told = rows.map((row, index) => [
    ...heads.flatMap((head, column) => (row[column] ? wrapped(`${head.padEnd(wide)}${row[column]}`, room, 2) : [])),
    ...belowOf(below[index], '  ', room),
  ])
  return told.map((lines) => lines.join('\n')).join('\n\n')
}

function columnWidths(cells: readonly (readonly string[])[]): number[] {
  const count = Math.max(...cells.map((row) => row.length))
  return Array.from({ length: count }, (_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))))
}
